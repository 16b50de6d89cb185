# What fish makes of a line when Tab is pressed at its end: complete.fish SCRIPT LINE... prints the choices of each.
source $argv[1]
for line in $argv[2..]
    echo (complete -C $line | string replace -r '\t.*' '')
end
