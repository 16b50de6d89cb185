# What zsh makes of a line when Tab is pressed at its end: complete.zsh SCRIPT LINE... prints each line as completed.
# A real interactive zsh in a pseudo-terminal, because the completion system runs nowhere else.
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "stty -echo; PS1=; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D; source ${(q)1}
show() { print -r -- \"<\$BUFFER>\"; BUFFER= }; zle -N show; bindkey '^G' show; bindkey '^I' complete-word
unsetopt list_beep auto_list auto_menu; print -r -- '<'ready'>'"
zpty -r inner answer '*<ready>*' || exit 1
for line in ${@:2}; do
  zpty -n -w inner $line$'\t\a'
  zpty -r inner answer '*<*>*' || exit 1
  print -r -- ${${answer##*<}%%>*}
done
zpty -d inner
