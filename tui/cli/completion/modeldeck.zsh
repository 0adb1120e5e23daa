#compdef modeldeck
# Completion of modeldeck for zsh. Made by: modeldeck completions zsh
_modeldeck() {
    local -a answer whole parts
    local line word
    answer=("${(@f)$(${~words[1]} __complete words "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case $answer[1] in
        files) _files; return ;;
        programs) _command_names -e; return ;;
    esac
    for line in "${(@)answer[2,-1]}"; do
        word=${line%%$'\t'*}
        [[ -n $word ]] || continue
        case $word in
            *[=/]) parts+=("$word") ;;
            *) whole+=("${word//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    (( $#parts )) && compadd -S '' -- "${(@)parts}"
    (( $#whole )) && _describe -t modeldeck modeldeck whole
}
if [[ $funcstack[1] == _modeldeck ]]; then
    _modeldeck "$@"
else
    compdef _modeldeck modeldeck
fi
