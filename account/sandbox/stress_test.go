package sandbox

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// mirror is an IMAP client that believes only what it is told.
type mirror struct {
	*raw
	n int // messages, as far as it knows
}

var untagged = regexp.MustCompile(`^\* (\d+) (EXISTS|EXPUNGE|FETCH)`)

// do runs a command and applies every untagged response; what a server may not
// say is an error.
func (m *mirror) do(cmd string) (lines []string) {
	m.t.Helper()
	lines = m.raw.imap(cmd)
	quiet := strings.HasPrefix(cmd, "FETCH") || strings.HasPrefix(cmd, "STORE") || strings.HasPrefix(cmd, "SEARCH")
	for _, l := range lines {
		g := untagged.FindStringSubmatch(l)
		if g == nil {
			continue
		}
		var n int
		fmt.Sscan(g[1], &n)
		switch {
		case g[2] == "EXISTS" && n < m.n:
			m.t.Errorf("%s: EXISTS went from %d to %d without EXPUNGE", cmd, m.n, n)
		case g[2] == "EXISTS":
			m.n = n
		case n < 1 || n > m.n:
			m.t.Errorf("%s: %q with %d messages", cmd, l, m.n)
		case g[2] == "EXPUNGE" && quiet:
			m.t.Errorf("EXPUNGE in answer to %s", cmd)
		case g[2] == "EXPUNGE":
			m.n--
		}
	}
	if !strings.HasPrefix(last(lines), "x OK") {
		m.t.Errorf("%s: %s", cmd, last(lines))
	}
	return lines
}

// Many sessions at all doors at once: each IMAP session's numbers stay right,
// POP3's lists stay frozen, and in the end all agree.
func TestManySessions(t *testing.T) {
	s := start(t, Options{Messages: 20, Policies: map[string]string{"retr-sets-seen": "at-once"}})
	p := loginPOP3(t, s)
	var wg sync.WaitGroup
	mirrors := make([]*mirror, 4)
	for i := range mirrors {
		m := &mirror{raw: dialRaw(t, s.Info().IMAP)}
		m.want("* OK")
		mirrors[i] = m
		wg.Go(func() { m.live(rand.New(rand.NewPCG(1, uint64(i)))) })
	}
	wg.Go(func() {
		for n := 1; n <= 30; n += 3 {
			p.cmd("DELE %d", n)
			p.send("UIDL %d", n+1)
			if got := p.line(); !strings.HasPrefix(got, fmt.Sprintf("+OK %d %08x", n+1, n+1)) {
				t.Errorf("UIDL %d: %s", n+1, got)
			}
			if p.send("RETR %d", n+1); strings.HasPrefix(p.line(), "+OK") {
				for p.line() != "." {
				}
			}
		}
		p.cmd("QUIT")
	})
	wg.Go(func() {
		for range 30 {
			s.Deliver([]byte(shortMail))
		}
	})
	wg.Wait()
	var want []int
	for _, m := range s.store.boxes["INBOX"].msgs {
		want = append(want, int(m.uid))
	}
	for i, m := range mirrors {
		if got := m.list(); !slices.Equal(got, want) || m.n != len(want) {
			t.Errorf("session %d believes in %d messages, UIDs %v, there are %v", i, m.n, got, want)
		}
	}
}

// live does things at random.
func (m *mirror) live(r *rand.Rand) {
	m.raw.imap("LOGIN alice wonderland")
	m.do("SELECT INBOX")
	for range 60 {
		n := r.IntN(max(m.n, 1)) + 1
		switch r.IntN(9) {
		case 0:
			m.do(fmt.Sprintf("STORE %d +FLAGS (\\Flagged $k%d)", n, n))
		case 1:
			m.do(fmt.Sprintf("STORE %d FLAGS.SILENT (\\Deleted)", n))
		case 2:
			m.do("EXPUNGE")
		case 3:
			m.do(fmt.Sprintf("COPY %d INBOX", n))
		case 4:
			m.do(fmt.Sprintf("MOVE %d Archive", n))
		case 5:
			m.do(fmt.Sprintf("FETCH %d:* (UID FLAGS BODY[HEADER.FIELDS (SUBJECT)])", n))
		case 6:
			m.do("SEARCH UNSEEN")
		case 7:
			m.do("APPEND INBOX {3+}\r\na:b")
		case 8:
			m.send("x IDLE")
			m.send("DONE")
			m.n = m.afterIdle()
		}
	}
}

// list asks for every UID after hearing all news.
func (m *mirror) list() (uids []int) {
	m.t.Helper()
	m.do("NOOP")
	for _, l := range m.do("UID FETCH 1:* (UID)") {
		var seq, uid int
		if _, err := fmt.Sscanf(l, "* %d FETCH (UID %d)", &seq, &uid); err == nil {
			uids = append(uids, uid)
			if seq != len(uids) {
				m.t.Errorf("%q is line %d", l, len(uids))
			}
		}
	}
	return uids
}

// afterIdle applies what came during IDLE and gives the number of messages.
func (m *mirror) afterIdle() int {
	n := m.n
	for {
		l := m.line()
		var k int
		g := untagged.FindStringSubmatch(l)
		switch {
		case strings.HasPrefix(l, "x "):
			return n
		case g == nil:
			continue
		}
		fmt.Sscan(g[1], &k)
		switch {
		case g[2] == "EXISTS":
			n = k
		case k < 1 || k > n:
			m.t.Errorf("idle: %q with %d messages", l, n)
		case g[2] == "EXPUNGE":
			n--
		}
	}
}
