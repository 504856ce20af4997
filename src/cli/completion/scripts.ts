/**
 * The script that a shell reads once; with it, the shell asks this program for words at each Tab. Names in the database may be written by
 * anybody, so they are data for the shell at every step: no script evaluates a word, and what is put on the command line is
 * quoted by the shell's own means. (@bomb.sh/tab 0.0.22 was tried: its bash script expands names with `compgen -W`, so that
 * a component called `$(...)` ran at Tab, and evaluates what is typed; and its handlers cannot wait for a database.)
 *
 * The answer is one line `files`, or one line a word: the word, a tab, what it is.
 */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

// bash splits words also at `:`, `=` and `@`, and replaces only the part after the last of these signs, or after an open quote.
// So the script reads the words from the line itself, without their quoting; `kept` is the part of the last word that bash leaves.
// Descriptions are added only where bash lists the words (COMP_TYPE 63 is `?`): elsewhere it would put them on the line.
const bash = `# bash completion for roundsman: source <(roundsman completion bash)
_roundsman() {
  local typed="\${COMP_LINE:0:COMP_POINT}" cur='' kept='' open='' at_quote='' is_word='' sign next
  local -a words=()
  local -i i
  for ((i = 0; i < \${#typed}; i++)); do
    sign="\${typed:i:1}" next="\${typed:i+1:1}"
    if [[ -n $open && $sign == "$open" ]]; then
      open=''
    elif [[ $sign == \\\\ && $open != \\' ]]; then
      [[ -n $open && $next != [\\"\\$\\\`\\\\] ]] && cur+="$sign"
      cur+="$next" is_word=1 i+=1
    elif [[ -n $open ]]; then
      cur+="$sign"
    elif [[ $sign == [\\"\\'] ]]; then
      open="$sign" at_quote="$cur" is_word=1
    elif [[ $sign == [[:space:]] ]]; then
      [[ -n $is_word ]] && words+=("$cur")
      cur='' kept='' is_word=''
    else
      [[ $sign == @ ]] && kept="$cur"
      cur+="$sign" is_word=1
      [[ $sign != @ && $COMP_WORDBREAKS == *"$sign"* ]] && kept="$cur"
    fi
  done
  [[ -n $open ]] && kept="$at_quote"
  local program="\${words[0]}" line word about
  [[ $program == '~/'* ]] && program="$HOME/\${program:2}"
  local -a found=() abouts=()
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == files ]]; then
      compopt -o default
      return
    fi
    word="\${line%%$'\\t'*}"
    about="\${line#*$'\\t'}"
    word="\${word#"$kept"}"
    case $open in
      \\') [[ $word == *\\'* ]] && continue ;;
      \\") [[ $word == *[\\"\\$\\\`\\\\\\!]* ]] && continue ;;
      *) [[ -z $word ]] || printf -v word '%q' "$word" && word="\${word//\\\\,/,}" ;;
    esac
    found+=("$word")
    abouts+=("$about")
  done < <("$program" completion bash -- "\${words[@]:1}" "$cur" 2>/dev/null </dev/null)
  for i in "\${!found[@]}"; do
    word="\${found[i]}"
    if [[ $COMP_TYPE == 63 && -n \${abouts[i]} && \${#found[@]} -gt 1 ]]; then
      word="$word  (\${abouts[i]})"
    fi
    COMPREPLY+=("$word")
  done
}
complete -F _roundsman roundsman
`;

const zsh = `#compdef roundsman
# zsh completion for roundsman: source <(roundsman completion zsh)
_roundsman() {
  local line program="\${words[1]/#\\~\\//$HOME/}"
  local -a found abouts typed
  # The last word ends at the cursor; an open quote is closed, so that (Q) can remove it.
  typed=("\${(@Q)words[2,CURRENT-1]}" "\${(Q)\${:-$QIPREFIX$PREFIX\${compstate[quote]}}}")
  while IFS= read -r line; do
    if [[ $line == files ]]; then
      _files
      return
    fi
    found+=("\${line%%$'\\t'*}")
    if [[ -n "\${line#*$'\\t'}" ]]; then
      abouts+=("\${line%%$'\\t'*}  -- \${line#*$'\\t'}")
    else
      abouts+=("\${line%%$'\\t'*}")
    fi
  done < <("$program" completion zsh -- "\${(@)typed}" 2>/dev/null </dev/null)
  (( \${#found} )) && compadd -l -d abouts -a -- found
}
if [[ "\${funcstack[1]}" == _roundsman ]]; then
  _roundsman "$@"
else
  compdef _roundsman roundsman
fi
`;

const fish = `# fish completion for roundsman: roundsman completion fish | source
function __roundsman_word
    # An open quote is closed, and a backslash at the end, which quotes nothing yet, is removed.
    set -l typed (commandline -ct)
    string unescape -- $typed
    or string unescape -- $typed\\'
    or string unescape -- $typed\\"
    or string unescape -- (string replace -r '\\\\\\\\$' '' -- $typed)
    or echo -- $typed
end
function __roundsman_words
    set -l typed (commandline -opc)
    set -l program $typed[1]
    set -l answer ($program completion fish -- $typed[2..-1] (__roundsman_word) 2>/dev/null </dev/null)
    if test "$answer[1]" = files
        __fish_complete_path (commandline -ct)
        return
    end
    printf '%s\\n' $answer
end
complete -c roundsman -f -k -a '(__roundsman_words)'
`;

export const scripts: Record<Shell, string> = { bash, zsh, fish };
