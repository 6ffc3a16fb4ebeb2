package fetch

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imapop/account"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// hostile is a POP3 server that answers as it should or lies, as a script says:
// one octet for each answer, and the truth when the script is over.
type hostile struct {
	script []byte
	mails  []*hostileMail

	// Of the open session:
	listed    []*hostileMail // by number
	announced map[int]int    // octets, as LIST said last
	marked    []int
	faults    []string // what must not have happened
}

type hostileMail struct {
	id, body string
	given    []string // bodies that RETR gave for it to their ends, in any session
	short    bool     // the last of them was shorter than LIST announced
}

// The lies that any answer may be; from there on they are a command's own.
const (
	truth = iota
	flatNo
	noise
	empty
	cable
	silence
	endless
	unterminated
	ownLies
)

// lie takes the next octet of the script. Most answers are true, or nothing would get far.
func (h *hostile) lie() int {
	if len(h.script) == 0 {
		return truth
	}
	b := h.script[0]
	h.script = h.script[1:]
	if b < 0xa0 {
		return truth
	}
	return int(b-0xa0) % 16
}

func (h *hostile) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	h.listed, h.announced, h.marked = slices.Clone(h.mails), map[int]int{}, nil
	go h.serve(server)
	return client, nil
}

func (h *hostile) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for line := ""; ; {
		lie := h.lie()
		answer := h.truth(line, lie)
		switch lie {
		case flatNo:
			answer = "-ERR [SYS/TEMP] later\r\n"
		case noise:
			answer = "* \x00\x1b]0;x\x07 \xff\r\n+OK\r\n"
		case empty:
			answer = "+OK\r\n.\r\n"
		case cable:
			c.Write([]byte(answer[:len(answer)/2]))
			return
		case silence:
			io.Copy(io.Discard, r)
			return
		case endless:
			for c.Write([]byte(answer[:min(len(answer), 5)])); ; {
				if _, err := c.Write(bytes.Repeat([]byte("1 1\r\n"), 1000)); err != nil {
					return
				}
			}
		case unterminated:
			for c.Write([]byte("+OK ")); ; {
				if _, err := c.Write(bytes.Repeat([]byte("x"), 5000)); err != nil {
					return
				}
			}
		}
		if _, err := c.Write([]byte(answer)); err != nil || line == "QUIT" {
			return
		}
		if n := numberIn(line); strings.HasPrefix(line, "RETR") && n > 0 && lie != flatNo && lie != empty && lie != noise {
			h.gave(n, answer)
		}
		next, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(next, "\r\n")
	}
}

func numberIn(line string) (n int) {
	_, arg, _ := strings.Cut(line, " ")
	fmt.Sscanf(arg, "%d", &n)
	return n
}

// gave notes what a whole RETR gave.
func (h *hostile) gave(n int, answer string) {
	if n > len(h.listed) || !strings.HasPrefix(answer, "+OK\r\n") {
		return
	}
	body := strings.TrimSuffix(strings.TrimPrefix(answer, "+OK\r\n"), ".\r\n")
	m := h.listed[n-1]
	m.given = append(m.given, body)
	m.short = len(body) < h.announced[n]-h.announced[n]/100
}

// truth is what a good server answers, or a lie of the command's own.
func (h *hostile) truth(line string, lie int) string {
	word, _, _ := strings.Cut(line, " ")
	n := numberIn(line)
	switch word {
	case "CAPA":
		return "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n"
	case "STAT":
		count, octets := len(h.listed), 0
		for _, m := range h.listed {
			octets += len(m.body)
		}
		switch lie {
		case ownLies:
			count++
		case ownLies + 1:
			count = 1<<31 - 1
		case ownLies + 2:
			octets *= 2
		}
		return fmt.Sprintf("+OK %d %d\r\n", count, octets)
	case "LIST", "UIDL":
		return h.listing(word, lie)
	case "RETR":
		return h.retrieved(n, lie)
	case "DELE":
		h.marked = append(h.marked, n) // also when it says no
	case "RSET":
		h.marked = nil
	case "QUIT":
		h.update()
	}
	return "+OK\r\n"
}

func (h *hostile) listing(word string, lie int) string {
	var lines []string
	for i, m := range h.listed {
		text, size := m.id, len(m.body)
		if word == "LIST" {
			switch lie {
			case ownLies:
				size *= 2
			case ownLies + 1:
				size = 1 << 40
			}
			h.announced[i+1] = size
			text = fmt.Sprint(size)
		} else {
			switch lie {
			case ownLies:
				text = h.listed[0].id // all of them
			case ownLies + 1:
				text = "../../../" + text
			case ownLies + 2:
				text = strings.Repeat(text, 100)
			case ownLies + 3:
				text += "\x1b[2J\x00\xff"
			}
		}
		lines = append(lines, fmt.Sprintf("%d %s\r\n", i+1, text))
	}
	switch {
	case lie == ownLies+4:
		slices.Reverse(lines)
	case lie == ownLies+5 && len(lines) > 0:
		lines = lines[1:]
	case lie == ownLies+6:
		lines = append(lines, fmt.Sprintf("%d 77\r\n", len(lines)+1))
	}
	return "+OK\r\n" + strings.Join(lines, "") + ".\r\n"
}

func (h *hostile) retrieved(n, lie int) string {
	if n < 1 || n > len(h.listed) {
		return "-ERR\r\n"
	}
	body := h.listed[n-1].body
	switch lie {
	case ownLies:
		body = body[:len(body)/2] + "\r\n"
	case ownLies + 1:
		body += strings.Repeat("more\r\n", 500)
	case ownLies + 2:
		body = h.listed[0].body
	case ownLies + 3:
		body = "\x00\xff bare\nfeed\r\r\n"
	case ownLies + 4:
		body = ""
	}
	return "+OK\r\n" + body + ".\r\n"
}

// update deletes what was marked, and looks whether it may.
func (h *hostile) update() {
	for i, m := range h.listed {
		if !slices.Contains(h.marked, i+1) {
			continue
		}
		h.mails = slices.DeleteFunc(h.mails, func(x *hostileMail) bool { return x == m })
		if len(m.given) == 0 {
			h.faults = append(h.faults, m.id+" was deleted and had never been given")
		} else if m.short {
			h.faults = append(h.faults, m.id+" was deleted and may have been cut")
		}
	}
	h.marked = nil
}

// lives runs a few fetches against a script and checks what must hold of any server.
func lives(t *testing.T, script []byte) {
	root := scratch(t)
	maildir := filepath.Join(root, "a", "Maildir")
	h := &hostile{script: script}
	var all []*hostileMail
	for i := range 4 {
		h.mails = append(h.mails, &hostileMail{id: fmt.Sprint("id", i), body: fmt.Sprintf("Subject: %d\r\n\r\n%s", i, strings.Repeat("text\r\n", 7*i+9))})
	}
	all = slices.Clone(h.mails)
	now := time.Unix(1_800_000_000, 0)
	for range 4 {
		c, err := local.Open(local.Options{Maildir: maildir, Endpoint: "hostile:110", User: "alice", Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		if err := one(t, h, c, now); err != nil && len(script) == 0 {
			t.Errorf("a server that does not lie: %v", err)
		}
		synctest.Wait() // the server has heard the end
		now = now.Add(8 * day)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(script) == 0 && len(h.mails) > 0 {
		t.Errorf("a server that does not lie has %d messages left", len(h.mails))
	}
	if len(h.faults) > 0 {
		t.Errorf("script %q: %v", script, h.faults)
	}
	here := files(t, root, maildir)
	for _, m := range all {
		if slices.Contains(h.mails, m) {
			continue
		}
		if !slices.ContainsFunc(m.given, func(body string) bool { return here[body] > 0 }) {
			t.Errorf("script %q: %s was deleted on the server and is not here", script, m.id)
		}
	}
}

// one is one run, with limits that an endless answer soon reaches.
func one(t *testing.T, h *hostile, c *local.Copy, now time.Time) error {
	s, err := pop3.Open(t.Context(), pop3.Config{
		Account:  account.Account{User: "alice", POP3: account.Endpoint{Address: "127.0.0.1:110", Security: account.Plaintext}},
		Password: account.NewPassword("wonderland"),
		Wire:     wire.Options{Dialer: h.dial, Limits: wire.Limits{Line: 20_000, Response: 100_000, Literal: 100_000}},
	})
	if err != nil {
		return err
	}
	defer s.Drop()
	r, err := Prepare(t.Context(), s, c, Options{Rules: Rules{Leave: remove, Earlier: true}, Now: func() time.Time { return now }})
	if err != nil {
		r.Leave(t.Context())
		return err
	}
	rep, err := r.Do(t.Context())
	if err == nil && rep.End != EndQuit {
		t.Errorf("no error, and the end is %q", rep.End)
	}
	return err
}

// files gives the octets of every message here, and complains of what is outside of the Maildir.
func files(t *testing.T, root, maildir string) map[string]int {
	t.Helper()
	here := map[string]int{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		dir, name := filepath.Split(path)
		switch filepath.Clean(dir) {
		case filepath.Join(maildir, "new"):
			b, err := os.ReadFile(path)
			here[string(b)]++
			return err
		case maildir:
			if strings.HasPrefix(name, "imapop") {
				return nil
			}
		}
		t.Errorf("a server's doing: %s", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return here
}

// TestHostileServer lets a server lie at random: the run ends, writes nowhere but
// into the Maildir, and what leaves the server is here, whole.
func TestHostileServer(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1939))
	for range 150 {
		script := make([]byte, random.IntN(80))
		for i := range script {
			if script[i] = byte(random.IntN(256)); random.IntN(3) > 0 {
				script[i] = 0
			}
		}
		synctest.Test(t, func(t *testing.T) { lives(t, script) })
	}
}

// TestHostileAnswers tells each lie at each moment of a run.
func TestHostileAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { lives(t, nil) })
	for at := range 18 {
		for lie := flatNo; lie < 16; lie++ {
			script := append(make([]byte, at), byte(0xa0+lie))
			synctest.Test(t, func(t *testing.T) { lives(t, script) })
		}
	}
}

func FuzzHostile(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\xa8\xa9\xaa\xab\xac"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\xa8\x00\x00\x00\x00\x00\x00\x00\xa4"))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, 0xa8, 0xb0}, 9))
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) { lives(t, script) })
	})
}
