# Completion of modeldeck for fish. Made by: modeldeck completions fish
function __modeldeck_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l answer ($program __complete words $words (commandline -ct) 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path (commandline -ct)
        case programs
            __fish_complete_command
        case '*'
            printf '%s\n' $answer[2..-1]
    end
end
complete -c modeldeck -f -a '(__modeldeck_complete)'
