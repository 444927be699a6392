complete -c vboxsh -s c -l command -d 'Run a shell line and exit with its status; may be given several times; `;` separates commands' -r
complete -c vboxsh -s e -l eval -d 'Evaluate an expression and print the result' -r
complete -c vboxsh -l lang -d 'Language of --eval and of the prompt' -r -f -a "rhai\t'Rhai'
python\t'Python'"
complete -c vboxsh -s b -l batch -d 'Run a script by its ending (.rhai, .py, else shell lines); - is standard input' -r
complete -c vboxsh -s u -l connect -d 'Where to connect to: auto, embedded, xpcom, or http[s]://[user@]host[:port]' -r
complete -c vboxsh -l home -d 'Home of the embedded host, which `auto` then takes; VBOXSH_HOME names one, too' -r
complete -c vboxsh -l password-file -d 'File with the password, readable by its owner alone' -r -F
complete -c vboxsh -l ca-file -d 'Certificates to trust, as PEM' -r -F
complete -c vboxsh -l fingerprint -d 'SHA-256 fingerprint of the one certificate to trust' -r
complete -c vboxsh -l color -d 'When to colour' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c vboxsh -l generate -d 'Write shell completions, the man page or the command reference to standard output' -r -f -a "bash\t'Completions for bash'
zsh\t'Completions for zsh'
fish\t'Completions for fish'
man\t'The man page'
reference\t'All commands, as Markdown'"
complete -c vboxsh -l trace -d 'Keep every call with arguments, result and time in a file; secrets are masked' -r -F
complete -c vboxsh -s o -d 'vboxshell\'s spelling of connection options: url=, user=, password-file=, ca-file=, fingerprint=' -r
complete -c vboxsh -l xpcom-helper -d 'What vboxsh starts itself with, to reach a local VirtualBox that was started anew'
complete -c vboxsh -l insecure -d 'Trust any certificate (said loudly)'
complete -c vboxsh -l json -d 'Machine-readable output: one JSON document per command'
complete -c vboxsh -s y -l yes -d 'Answer every question with yes'
complete -c vboxsh -s q -l quiet -d 'Say less'
complete -c vboxsh -s v -l verbose -d 'Say more'
complete -c vboxsh -l no-ext -d 'Load no extension files'
complete -c vboxsh -s w -d 'vboxshell\'s spelling of a connection over the web service at http://localhost:18083'
complete -c vboxsh -s a -d 'vboxshell\'s option to load extensions automatically; accepted, it is the default here'
complete -c vboxsh -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vboxsh -s V -l version -d 'Print version'
