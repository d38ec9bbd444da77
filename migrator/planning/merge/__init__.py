"""Planning what comes from another database: which sessions, where they belong here, and what is here already."""
