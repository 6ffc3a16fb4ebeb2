package cli

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/servertest/dovecot"
)

// killsEnv is how many random kills each crash test makes. CI makes a few; for a
// release:
//
//	IMAPOP_KILLS=500 go test -run 'TestFetch.*Killed' -v -timeout 60m ./ui/cli
const killsEnv = "IMAPOP_KILLS"

func kills(t *testing.T, normally int) int {
	if testing.Short() {
		t.Skip("not in -short")
	}
	n, err := strconv.Atoi(os.Getenv(killsEnv))
	if err != nil {
		return normally
	}
	return n
}

// crash is a mailbox on Dovecot that `imapop fetch --delete` downloads again and
// again while something kills something.
type crash struct {
	t       *testing.T
	srv     *dovecot.Server
	dir     string
	maildir string
	over    account.Security
	large   int // octets of one message in each round; 0: all are small
	mails   int // put into the mailbox so far
	typical time.Duration
	rounds  int // runs that came to their end
	random  *rand.Rand
}

// scratch is a directory in memory where there is one: SIGKILL does not care.
func scratch(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "imapop-fetch-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// round is how many messages the mailbox is filled with, each time it is empty.
const round = 500

func newCrash(t *testing.T, over account.Security, large int) *crash {
	seed := uint64(time.Now().UnixNano())
	c := &crash{t: t, srv: dovecot.Start(t, dovecot.Options{FillInbox: 1}), dir: scratch(t), mails: 1,
		over: over, large: large, random: rand.New(rand.NewPCG(seed, 1939))}
	c.maildir = filepath.Join(c.dir, "Maildir")
	t.Logf("seed %d", seed)
	c.fill(round - 1)
	return c
}

// calibrate makes one run that nobody disturbs, to know how long one takes.
func (c *crash) calibrate() *crash {
	c.typical = time.Hour
	for c.attempt(nil) {
	}
	return c
}

const line = "and on it goes\r\n"

func (c *crash) fill(n int) {
	for i := range n {
		c.mails++
		lines := c.random.IntN(300)
		if i == n/2 {
			lines += c.large / len(line)
		}
		text := dovecot.Message(c.mails, time.Unix(1_800_000_000, 0)) + strings.Repeat(line, lines)
		addMail(c.t, c.srv, c.mails, []byte(strings.ReplaceAll(text, "\r\n", "\n")))
	}
}

// left is how many messages the server still has.
func (c *crash) left() int {
	names, err := filepath.Glob(filepath.Join(c.srv.Maildir, "*", "*filled*"))
	if err != nil {
		c.t.Fatal(err)
	}
	return len(names)
}

func (c *crash) command() (*exec.Cmd, *bytes.Buffer) {
	path := filepath.Join(c.dir, "config.toml")
	if _, err := os.Stat(path); err != nil {
		at := account.Endpoint{Address: c.srv.POP3, Security: c.over}
		if c.over == account.TLS {
			at.Address = c.srv.POP3S
		}
		fetchConfigOver(c.t, c.dir, at, c.srv.CAFile)
	}
	self, err := os.Executable() // which is imapop when it is called so: see TestMain
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(self, "fetch", "--delete", "--config", path)
	cmd.Args[0] = "imapop"
	cmd.Env = append(os.Environ(), "IMAPOP_PASSWORD="+dovecot.Password)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// attempt starts a run, calls strike at a random moment of it, and waits for its
// end. It reports whether the run was still going when it was struck.
func (c *crash) attempt(strike func(run *os.Process)) (struck bool) {
	if c.left() == 0 {
		c.fill(round)
	}
	cmd, out := c.command()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	moment := time.NewTimer(time.Duration(c.random.Float64() * 1.2 * float64(c.typical)))
	defer moment.Stop()
	select {
	case <-moment.C:
		strike(cmd.Process)
		<-ended
		c.typical += c.typical / 50 // a machine that has become slower shows by runs that never reach their end
		return true
	case err := <-ended:
		if err != nil {
			c.t.Fatalf("a run that nobody disturbed failed: %v\n%s", err, out)
		}
	}
	c.typical = time.Since(start)
	c.rounds++
	return false
}

// finish runs undisturbed, and checks that every message is here, whole, once,
// and none on the server.
func (c *crash) finish() {
	c.t.Helper()
	cmd, out := c.command()
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("the last run failed: %v\n%s", err, out)
	}
	if n := c.left(); n != 0 {
		c.t.Errorf("%d messages are still on the server", n)
	}
	if names, _ := filepath.Glob(filepath.Join(c.maildir, "tmp", "*")); len(names) > 0 {
		c.t.Errorf("leftovers in tmp: %v", names)
	}
	c.check()
}

var messageID = regexp.MustCompile(`(?m)^Message-ID: <(\d+)@filled\.example>\r$`)

// check counts the copies of each message.
func (c *crash) check() {
	c.t.Helper()
	names, err := filepath.Glob(filepath.Join(c.maildir, "new", "*"))
	if err != nil {
		c.t.Fatal(err)
	}
	copies := map[string]int{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			c.t.Fatal(err)
		}
		m := messageID.FindSubmatch(b)
		if m == nil || !bytes.HasSuffix(b, []byte("\r\n")) {
			c.t.Errorf("%s is no whole message", name)
			continue
		}
		copies[string(m[1])]++
	}
	lost, extra := 0, 0
	for i := 1; i <= c.mails; i++ {
		switch n := copies[strconv.Itoa(i)]; {
		case n == 0:
			lost++
		case n > 1:
			extra += n - 1
		}
	}
	if lost > 0 || extra > 0 || len(copies) != c.mails {
		c.t.Errorf("of %d messages %d are lost, and there are %d copies too many", c.mails, lost, extra)
	}
	c.t.Logf("%d messages in %d mailboxes that were emptied, %d lost, %d copies too many", c.mails, c.rounds, lost, extra)
}

// TestFetchKilled ends `imapop fetch --delete` by SIGKILL at random moments.
func TestFetchKilled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		over  account.Security
		large int
		kills int
	}{
		"plaintext":                            {account.Plaintext, 0, 12},
		"STARTTLS, with a message of 5 MB":     {account.StartTLS, 5 << 20, 5},
		"implicit TLS, with a message of 5 MB": {account.TLS, 5 << 20, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := kills(t, c.kills)
			c := newCrash(t, c.over, c.large).calibrate()
			for done := 0; done < n; {
				if c.attempt(func(run *os.Process) { run.Kill() }) {
					done++
				}
			}
			c.finish()
		})
	}
}

// TestFetchServerKilled ends the server's side of the session by SIGKILL.
func TestFetchServerKilled(t *testing.T) {
	t.Parallel()
	n := min(kills(t, 4), 40) // Dovecot's master waits longer and longer before it starts what was killed
	c := newCrash(t, account.StartTLS, 5<<20).calibrate()
	for done := 0; done < n; {
		if c.attempt(func(*os.Process) { c.killServer() }) {
			done++
		}
	}
	c.finish()
}

// killServer kills the processes that serve POP3; the master starts new ones.
func (c *crash) killServer() {
	text, err := os.ReadFile(filepath.Join(c.srv.Dir, "run", "master.pid"))
	if err != nil {
		c.t.Fatal(err)
	}
	master := strings.TrimSpace(string(text))
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var pid int
		var name, state, parent string
		fmt.Sscanf(string(stat), "%d %s %s %s", &pid, &name, &state, &parent)
		if parent == master && name == "(pop3)" {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// TestFetchDiskFull lets the Maildir's disk fill, makes room, and goes on.
func TestFetchDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("not in -short")
	}
	c := newCrash(t, account.Plaintext, 0)
	size := mountTiny(t, c.dir)
	for _, megabytes := range []int{1, 1, 2} { // the second time, nothing has changed
		size(megabytes)
		before := c.left()
		cmd, out := c.command()
		err := cmd.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFail {
			t.Fatalf("on a full disk: %v\n%s", err, out)
		}
		for _, part := range []string{"imapop: bench: ", "there is no room left", c.maildir} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("the failure does not say %q:\n%s", part, out)
			}
		}
		if after := c.left(); after != before {
			t.Errorf("a run that failed deleted %d messages", before-after)
		}
	}
	size(64)
	c.finish()
}
