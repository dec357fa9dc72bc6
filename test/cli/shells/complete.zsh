# Types lines into a real, interactive zsh, presses Tab after each, and prints what it offers: a line each, END after them.
# zsh -f complete.zsh <file of the completion> <folder for what it writes> <line>...
zmodload zsh/zpty
script=$1 folder=$2
shift 2
out=$folder/offered
: > $out
cat > $folder/setup <<SETUP
PROMPT= RPROMPT=
setopt no_beep
autoload -Uz compinit
compinit -u -d $folder/dump
source $script
compadd () {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "\$@"; return; fi
  typeset -a hits
  builtin compadd -A hits "\$@"
  (( \$#hits )) && print -rl -- \$hits >> $out
  builtin compadd "\$@"
}
finish () { print END >> $out; comppostfuncs=(finish) }
comppostfuncs=(finish)
bindkey '^I' complete-word
bindkey '^U' kill-whole-line
zstyle ':completion:*' menu no
print READY >> $out
SETUP
ends () { local -a found; found=(${(M)${(f)"$(<$out)"}:#$1}); print $#found }
await () {
  local chunk
  until (( $(ends $1) >= $2 )); do
    while zpty -r -t typed chunk 2>/dev/null; do :; done
    zselect -t 2 2>/dev/null
  done
}
zmodload zsh/zselect
zpty typed zsh -f -i
zpty -w typed "source $folder/setup"
await READY 1
integer count=0
for line in "$@"; do
  zpty -w -n typed $'\x15'"$line"$'\t'
  (( count++ ))
  await END $count
done
zpty -d typed
grep -v '^READY$' $out
