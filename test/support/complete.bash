# What bash makes of a line when Tab is pressed at its end: complete.bash SCRIPT LINE... prints the choices of each.
source "$1"
for line in "${@:2}"; do
  COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
  _pillion
  printf '%s\n' "${COMPREPLY[*]}"
done
