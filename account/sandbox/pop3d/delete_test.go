package pop3d

import (
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

func three() *backend { return newBackend(message(100), message(200), message(300)) }

// TestMarkedMessage: a message that DELE marked is refused by every command
// that names it and skipped by every one that lists.
func TestMarkedMessage(t *testing.T) {
	c := newRoom(t, three(), Options{}).login()
	c.want("DELE 2", "+OK")
	for _, command := range []string{"LIST 2", "UIDL 2", "RETR 2", "TOP 2 0", "DELE 2"} {
		c.want(command, "-ERR message 2 is marked")
	}
	c.want("STAT", "+OK 2 400")
	if got := strings.Join(c.multi("LIST"), "|"); got != "1 100|3 300" {
		t.Error(got)
	}
	if got := strings.Join(c.multi("UIDL"), "|"); got != "1 1432.41|3 1432.43" {
		t.Error(got)
	}
	c.want("RETR 3", "+OK 300 octets")
}

// TestNumbersFreezeAtLogin: DELE 1, 2 and 3 name what they named at login,
// whatever was deleted before or came since.
func TestNumbersFreezeAtLogin(t *testing.T) {
	b := three()
	r := newRoom(t, b, Options{})
	c := r.login()
	b.mu.Lock()
	b.messages, b.ids = append(b.messages, message(50)), append(b.ids, "1432.44")
	b.mu.Unlock()
	c.want("NOOP", "+OK")
	c.want("STAT", "+OK 3 600")
	c.want("DELE 1", "+OK")
	c.want("LIST 2", "+OK 2 200")
	c.want("DELE 2", "+OK")
	c.want("UIDL 3", "+OK 3 1432.43")
	c.want("QUIT", "+OK")
	c = r.login()
	if got := strings.Join(c.multi("UIDL"), "|"); got != "1 1432.43|2 1432.44" {
		t.Error(got)
	}
}

// TestWaysOut: only QUIT deletes.
func TestWaysOut(t *testing.T) {
	tests := []struct {
		name string
		out  func(c *client)
		want [][]int
	}{
		{"quit", func(c *client) { c.want("QUIT", "+OK"); c.ended() }, [][]int{{0, 2}}},
		{"reset and quit", func(c *client) { c.want("RSET", "+OK"); c.want("QUIT", "+OK"); c.ended() }, [][]int{nil}},
		{"drop the cable", func(c *client) { c.conn.Close() }, nil},
		{"half a QUIT", func(c *client) { io.WriteString(c.conn, "QUIT"); c.conn.Close() }, nil},
		{"QUIT with an argument", func(c *client) { c.want("QUIT 1", "-ERR"); c.conn.Close() }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := three()
			r := newRoom(t, b, Options{})
			c := r.login()
			c.want("DELE 3", "+OK")
			c.want("DELE 1", "+OK")
			tt.out(c)
			r.s.Close()
			if updates, _, _, unlocks := b.state(); !reflect.DeepEqual(updates, tt.want) || unlocks != 1 {
				t.Errorf("updates %v, %d unlocks; want %v", updates, unlocks, tt.want)
			}
		})
	}
}

// TestReset: a maildrop that wants to know of RSET is told in order, also
// inside a batch.
func TestReset(t *testing.T) {
	b := three()
	b.resets = true
	c := newRoom(t, b, Options{}).login()
	c.write("RETR 1\r\nRSET\r\nRETR 2\r\nQUIT\r\n")
	if all, err := io.ReadAll(c.r); err != nil || strings.Count(string(all), "+OK") != 4 {
		t.Fatalf("%q, %v", all, err)
	}
	if _, retrieved, _, _ := b.state(); !reflect.DeepEqual(retrieved, []int{1}) {
		t.Error(retrieved)
	}
}

// TestMarksAreTheSessions: what one session marked and lost does not come back
// with the next QUIT.
func TestMarksAreTheSessions(t *testing.T) {
	b := three()
	r := newRoom(t, b, Options{})
	c := r.login()
	c.want("DELE 1", "+OK")
	c.conn.Close()
	for { // the server needs a moment to see the end of the pipe
		c = r.dial()
		c.want("USER alice", "+OK")
		if strings.HasPrefix(c.cmd("PASS "+password), "+OK") {
			break
		}
		c.conn.Close()
	}
	c.want("STAT", "+OK 3 600")
	c.want("QUIT", "+OK")
	if updates, _, _, _ := b.state(); !reflect.DeepEqual(updates, [][]int{nil}) {
		t.Fatal(updates)
	}
}

// TestQuitAnswersAfterUpdate: no answer while Update runs; the lock is free
// when it comes.
func TestQuitAnswersAfterUpdate(t *testing.T) {
	b := three()
	b.inUpdate = make(chan struct{})
	r := newRoom(t, b, Options{})
	c := r.login()
	c.want("DELE 2", "+OK")
	c.write("QUIT\r\n")
	<-b.inUpdate
	c.conn.SetReadDeadline(time.Now())
	if _, err := c.r.ReadByte(); err == nil {
		t.Fatal("QUIT was answered before Update returned")
	}
	c.conn.SetReadDeadline(time.Time{})
	b.inUpdate <- struct{}{}
	if got := c.line(); !strings.HasPrefix(got, "+OK") {
		t.Fatal(got)
	}
	b.mu.Lock()
	order, locked := strings.Join(b.order, " "), b.locked
	b.mu.Unlock()
	if order != "Update Unlock" || locked {
		t.Fatal(order, locked)
	}
}

func TestQuitSaysWhenUpdateFailed(t *testing.T) {
	b := three()
	b.updateErr = errors.New("secret path /var/mail/alice")
	var told error
	r := newRoom(t, b, Options{Report: func(err error) { told = err }})
	c := r.login()
	c.want("DELE 2", "+OK")
	c.want("QUIT", "-ERR [SYS/TEMP] not all marked messages were deleted")
	c.ended()
	if !errors.Is(told, b.updateErr) {
		t.Errorf("Report was told %v", told)
	}
}

func TestQuitBeforeLoginDeletesNothing(t *testing.T) {
	b := three()
	c := newRoom(t, b, Options{}).dial()
	c.want("QUIT", "+OK")
	c.ended()
	if updates, _, locks, _ := b.state(); updates != nil || locks != 0 {
		t.Fatal(updates, locks)
	}
}

// TestDropInsidePipelinedRetrDeleQuit: the client asked for all in one write
// and went away in the middle of the download; the message must stay.
func TestDropInsidePipelinedRetrDeleQuit(t *testing.T) {
	for _, size := range []int{300, 1 << 20} { // one fits the buffers, one does not
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := newBackend(message(size))
			r := newRoom(t, b, Options{})
			c := r.login()
			if _, err := io.WriteString(c.conn, "RETR 1\r\nDELE 1\r\nQUIT\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(c.conn, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			c.conn.Close()
			r.s.sessionsEnd()
			if updates, retrieved, _, _ := b.state(); updates != nil || retrieved != nil {
				t.Fatal(updates, retrieved)
			}
		})
	}
}

// TestDropOverTCP is the same through the buffers of the system, which take a
// good part of a message whether or not the client reads it.
func TestDropOverTCP(t *testing.T) {
	b := newBackend(message(2 << 20))
	s := New(Options{Backend: b})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln, false)
	defer s.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, conn)
	c.line()
	c.login()
	io.WriteString(conn, "RETR 1\r\nDELE 1\r\nQUIT\r\n")
	if _, err := io.ReadFull(c.r, make([]byte, 100<<10)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s.sessionsEnd()
	if updates, retrieved, _, unlocks := b.state(); updates != nil || retrieved != nil || unlocks != 1 {
		t.Fatal(updates, retrieved, unlocks)
	}
}

// sessionsEnd waits for the running sessions without closing them.
func (s *Server) sessionsEnd() { s.sessions.Wait() }

func TestMaildropLock(t *testing.T) {
	b := three()
	r := newRoom(t, b, Options{})
	first := r.login()
	second := r.dial()
	second.want("USER alice", "+OK")
	second.want("PASS "+password, "-ERR [IN-USE] ")
	second.want("USER alice", "+OK") // still AUTHORIZATION
	first.want("QUIT", "+OK")
	second.want("PASS "+password, "+OK") // the lock was free before QUIT's answer
	second.want("STAT", "+OK 3 600")
}

// TestAnotherConnectionLives: closing one connection leaves the others alone.
func TestAnotherConnectionLives(t *testing.T) {
	r := newRoom(t, three(), Options{})
	a, b := r.dial(), r.login()
	a.conn.Close()
	b.want("NOOP", "+OK")
}
