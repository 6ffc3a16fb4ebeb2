package cli

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"imapop/account/servertest/distance"
	"imapop/account/servertest/dovecot"
	"imapop/ui/internal/pty"
)

// BenchmarkKeys measures 1,000 presses of j in a list of 10,000, from the first
// until the row they lead to is drawn, imapop beside neomutt:
//
//	go test -run - -bench Keys -benchtime 5x ./ui/cli
func BenchmarkKeys(b *testing.B) {
	srv := dovecot.Start(b, dovecot.Options{FillInbox: 10_000})
	imap, pop := distance.Start(b, srv.IMAP, 0), distance.Start(b, srv.POP3, 0)
	for _, p := range programs(build(b)) {
		if p.name != "imapop" && p.name != "neomutt" { // alpine has other keys, aerc lists the other way round
			continue
		}
		b.Run(p.name, func(b *testing.B) { p.keys(b, imap.Addr, pop.Addr) })
	}
}

func (p firstScreen) keys(b *testing.B, imap, pop string) {
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		term := p.open(b, dir, p.start(b, dir, imap, pop))
		if p.name == "imapop" { // begins at the newest message, neomutt at the first
			term.Await("of 10,000", time.Minute)
			_ = term.Type("g")
		}
		if !term.Await("number 2", time.Minute) {
			b.Fatalf("%s does not show the first message:\n%s", p.name, term.Output())
		}
		term.Forget()
		b.StartTimer()
		_ = term.Type(strings.Repeat("j", 1000))
		ok := term.Await("number 1001", time.Minute)
		b.StopTimer()
		if !ok {
			b.Fatalf("%s did not come to message 1001", p.name)
		}
		term.Close()
		b.StartTimer()
	}
}

// open starts a program on a terminal and waits for its first messages.
func (p firstScreen) open(b *testing.B, dir string, cmd *exec.Cmd) *pty.Term {
	b.Helper()
	cmd.Env = environment(dir)
	term, err := pty.Start(cmd, 120, 36)
	if err != nil {
		b.Fatal(err)
	}
	if p.asks != "" && term.Await(p.asks, time.Minute) {
		_ = term.Type(dovecot.Password + "\r")
	}
	if !term.Await(drawn, time.Minute) {
		b.Fatalf("%s drew no message:\n%s", p.name, term.Output())
	}
	return term
}

// environment is a home of its own, so that nothing is warm and nothing is configured.
func environment(dir string) []string {
	return append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CACHE_HOME="+dir,
		"TERM=xterm-256color", "LANG=C.UTF-8", "IMAPOP_PASSWORD="+dovecot.Password)
}
