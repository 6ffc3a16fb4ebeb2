package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"imapop/account/servertest/distance"
	"imapop/account/servertest/dovecot"
)

// firstScreen is one mail program on one account, and how to start it cold.
type firstScreen struct {
	name  string
	start func(b *testing.B, dir, imap, pop3 string) *exec.Cmd
	asks  string // what it draws when it asks for the password; "": it does not
}

// drawn is in the subject of every message of a filled INBOX.
const drawn = "Message n"

// BenchmarkFirstScreen measures from the start of the process until the first
// messages are drawn, cold, imapop beside the peers that are installed, on one
// Dovecot, at several sizes and distances. Run it with
//
//	IMAPOP_BENCH_SIZES=10000,100000 go test -run - -bench FirstScreen -benchtime 5x ./ui/cli
//
// All use the plain ports, so that the count of round trips is the protocol's.
func BenchmarkFirstScreen(b *testing.B) {
	for _, size := range benchSizes(b) {
		srv := dovecot.Start(b, dovecot.Options{FillInbox: size})
		bin := build(b)
		for _, rtt := range []time.Duration{0, 20 * time.Millisecond} {
			imap, pop := distance.Start(b, srv.IMAP, rtt), distance.Start(b, srv.POP3, rtt)
			for _, p := range programs(bin) {
				b.Run(fmt.Sprintf("%d/%v/%s", size, rtt, p.name), func(b *testing.B) { p.bench(b, imap, pop) })
			}
		}
	}
}

func benchSizes(b *testing.B) (sizes []int) {
	env := os.Getenv("IMAPOP_BENCH_SIZES")
	if env == "" {
		env = "1000"
	}
	for _, s := range strings.Split(env, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, n)
	}
	return sizes
}

func build(tb testing.TB) string {
	tb.Helper()
	bin := filepath.Join(tb.TempDir(), "imapop")
	if out, err := exec.Command("go", "build", "-o", bin, "imapop").CombinedOutput(); err != nil {
		tb.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func (p firstScreen) bench(b *testing.B, imap, pop *distance.Proxy) {
	var down int64
	var resident int64
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		cmd := p.start(b, dir, imap.Addr, pop.Addr)
		imap.Reset()
		b.StartTimer()
		term := p.open(b, dir, cmd)
		b.StopTimer()
		down += imap.Down.Load()
		resident = max(resident, rss(cmd.Process.Pid))
		term.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(down)/float64(b.N)/1000, "kB-down/op")
	b.ReportMetric(float64(resident)/1e6, "MB-resident")
}

// rss reads a process's resident memory in octets; 0 when it is gone.
func rss(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(syscall.Getpagesize())
}

func programs(bin string) (list []firstScreen) {
	all := []firstScreen{
		{name: bin, start: startImapop},
		{name: "alpine", start: startAlpine, asks: "ENTER PASSWORD"},
		{name: "aerc", start: startAerc},
		{name: "neomutt", start: startNeomutt},
	}
	for _, p := range all {
		path, err := exec.LookPath(p.name)
		if err != nil {
			continue
		}
		start := p.start
		p.start = func(b *testing.B, dir, imap, pop string) *exec.Cmd {
			cmd := start(b, dir, imap, pop)
			cmd.Path, cmd.Args[0], cmd.Err = path, filepath.Base(path), nil
			return cmd
		}
		p.name = filepath.Base(p.name)
		list = append(list, p)
	}
	return list
}

func write(b *testing.B, dir, name, text string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func startImapop(b *testing.B, dir, imap, pop string) *exec.Cmd {
	path := write(b, dir, "config.toml", fmt.Sprintf(`[accounts.bench]
user = %q
password_env = "IMAPOP_PASSWORD"
maildir = %q
  [accounts.bench.imap]
  address = %q
  security = "plaintext"
  [accounts.bench.pop3]
  address = %q
  security = "plaintext"
`, dovecot.User, dir+"/Maildir", imap, pop))
	return exec.Command("imapop", "--config", path)
}

func startNeomutt(b *testing.B, dir, imap, _ string) *exec.Cmd {
	path := write(b, dir, "neomuttrc", fmt.Sprintf("set imap_user=%s imap_pass=%s ssl_starttls=no ssl_force_tls=no folder=imap://%s/ spoolfile=+INBOX\nset sort=mailbox-order\n",
		dovecot.User, dovecot.Password, imap))
	return exec.Command("neomutt", "-n", "-F", path)
}

func startAerc(b *testing.B, dir, imap, _ string) *exec.Cmd {
	write(b, dir, "aerc/accounts.conf", fmt.Sprintf("[bench]\nsource = imap+insecure://%s:%s@%s\nfrom = Alice <alice@localhost>\ndefault = INBOX\n",
		dovecot.User, dovecot.Password, imap))
	return exec.Command("aerc")
}

func startAlpine(b *testing.B, dir, imap, _ string) *exec.Cmd {
	rc := write(b, dir, ".pinerc", fmt.Sprintf("inbox-path={%s/user=%s/novalidate-cert/notls}INBOX\nfeature-list=no-quell-folder-internal-msg,quell-empty-directories,disable-password-file-saving\nlast-version-used=7.26\nuser-domain=example.org\ndisable-these-authenticators=PLAIN\ninitial-keystroke-list=\n",
		imap, dovecot.User))
	if err := os.Mkdir(dir+"/mail", 0o700); err != nil { // else it stops for four seconds to tell that it makes it
		b.Fatal(err)
	}
	return exec.Command("alpine", "-p", rc, "-i")
}
