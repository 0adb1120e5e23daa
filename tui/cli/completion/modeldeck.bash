# Completion of modeldeck for bash. Made by: modeldeck completions bash
_modeldeck() {
    local program=${COMP_WORDS[0]/#\~/$HOME} answer line
    COMPREPLY=()
    mapfile -t answer < <("$program" __complete line "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
    case ${answer[0]} in
        files) compopt -o default 2>/dev/null; return ;;
        programs) mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"); return ;;
    esac
    COMPREPLY=("${answer[@]:1}")
    for line in "${COMPREPLY[@]}"; do
        case $line in *[=/]) compopt -o nospace 2>/dev/null ;; esac
    done
}
complete -F _modeldeck modeldeck
