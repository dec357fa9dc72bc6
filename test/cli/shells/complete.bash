# Types lines into a real, interactive bash, presses Tab twice after each, and prints what is offered: a line each, END
# after them. bash complete.bash <file of the completion> <folder for what it writes> <line>...
script=$1 folder=$2
shift 2
cat > "$folder/rc" <<SETUP
PS1=
source $script
# The shell's own run of the function, with what it was given and what it answered.
_watched() { _weft_complete "\$@"; { (( \${#COMPREPLY[@]} )) && printf '%s\n' "\${COMPREPLY[@]}"; echo END; } >> $folder/offered; }
complete -F _watched weft
bind 'set bell-style none'
bind 'set show-all-if-ambiguous on'
bind 'set page-completions off'
bind 'set completion-query-items 0'
echo READY >> $folder/offered
SETUP
: > "$folder/offered"
mkfifo "$folder/typed.$$"
script -qfc "bash --noprofile --rcfile '$folder/rc' -i" /dev/null < "$folder/typed.$$" > /dev/null 2>&1 &
exec 3> "$folder/typed.$$"
count() { grep -c "^$1\$" "$folder/offered"; }
until (( $(count READY) )); do sleep 0.05; done
ends=0
for line in "$@"; do
  printf '\025%s\t' "$line" >&3
  ends=$((ends + 1))
  until (( $(count END) >= ends )); do sleep 0.05; done
  # Tab may have completed the line; leave it.
  printf '\025' >&3
done
printf '\025exit\n' >&3
exec 3>&-
wait
rm -f "$folder/typed.$$"
grep -v '^READY$' "$folder/offered"
