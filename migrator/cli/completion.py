"""`completion`: the script that lets a shell complete our commands."""

from __future__ import annotations

import click

from migrator.cli.terminal.printing import echo_script

_BASH = r"""
_opencode_migrator() {
    local answer line nospace
    COMPREPLY=()
    answer=$(_OPENCODE_MIGRATOR_COMPLETE=bash COMP_TYPE=$COMP_TYPE COLUMNS=${COLUMNS:-80} \
        "${1/#\~/$HOME}" "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null) || return 0
    while IFS= read -r line; do
        if [[ -z $nospace ]]; then nospace=$line; else COMPREPLY+=("$line"); fi
    done <<<"$answer"
    compopt -o nosort 2>/dev/null
    [[ $nospace != nospace ]] || compopt -o nospace 2>/dev/null
}
complete -F _opencode_migrator opencode-migrator ocmig
"""

_ZSH = r"""
#compdef opencode-migrator ocmig
_opencode_migrator() {
    local -a answer words_ shown spaced spaced_shown
    local word text after
    answer=("${(@f)$(_OPENCODE_MIGRATOR_COMPLETE=zsh ${~words[1]} \
        "${(j: :)words[1,CURRENT-1]} ${QIPREFIX}${PREFIX}" 2>/dev/null)}")
    for word text after in "${(@)answer[2,-1]}"; do
        word=${word#"$QIPREFIX"}
        if [[ $after == ' ' ]]; then
            spaced+=("$word") spaced_shown+=("$text")
        elif [[ -n $word ]]; then
            words_+=("$word") shown+=("$text")
        fi
    done
    (( $#spaced )) && compadd -U -Q -V spaced -l -d spaced_shown -a spaced
    [[ $answer[1] == keep ]] && compstate[insert]= compstate[list]='list force'
    (( $#words_ )) && compadd -U -Q -V unspaced -l -d shown -S '' -a words_
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _opencode_migrator "$@"
else
    compdef _opencode_migrator opencode-migrator ocmig
fi
"""

_FISH = r"""
function __opencode_migrator_complete
    set -l words (commandline -opc)
    _OPENCODE_MIGRATOR_COMPLETE=fish $words[1] (commandline -cp | string collect) 2>/dev/null
end
complete -e -c opencode-migrator
complete -e -c ocmig
complete -k -f -c opencode-migrator -a '(__opencode_migrator_complete)'
complete -k -f -c ocmig -a '(__opencode_migrator_complete)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(tuple(_SCRIPTS)))
def command(shell: str) -> None:
    """Print the script by which bash, zsh or fish completes opencode-migrator and ocmig, values too.

    \b
    ~/.bashrc:                   eval "$(opencode-migrator completion bash)"
    ~/.zshrc, behind compinit:   eval "$(opencode-migrator completion zsh)"
    ~/.config/fish/config.fish:  opencode-migrator completion fish | source
    """  # noqa: D301 - click looks for this very character, and breaks no line of the paragraph below it
    echo_script(_SCRIPTS[shell].strip())
