package outgoing

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"imapop/account"
	"imapop/account/submission"
)

const childEnv = "IMAPOP_OUTGOING_CHILD" // directory and address of the server: be the program that is killed

func TestMain(m *testing.M) {
	if place := os.Getenv(childEnv); place != "" {
		dir, addr, _ := strings.Cut(place, "|")
		child(dir, addr)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child sends what waits and then three new messages, and says what it took in.
func child(dir, addr string) {
	box, err := OpenOutbox(dir)
	must(err)
	list, err := box.List()
	must(err)
	for _, e := range list {
		if e.State != Unknown {
			send(box, e, addr)
		}
	}
	for range 3 {
		e, err := box.Add(Entry{MessageID: "<" + newName(time.Now()) + "@test>", From: "alice@test", To: []string{"bob@test"}, Created: time.Now()}, nil)
		must(err)
		fmt.Println("added", e.MessageID)
		send(box, e, addr)
	}
}

func send(box *Outbox, e Entry, addr string) {
	if e.State == Waiting {
		var err error
		e, _, err = box.Send(e.ID, time.Now, submitTo(addr))
		must(err)
	}
	must(box.Filed(e.ID))
}

func must(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func submitTo(addr string) Submit {
	a := account.Account{User: "alice", From: "alice@test", Submission: account.Endpoint{Address: addr, Security: account.Plaintext}}
	return func(e Entry, _ []byte, atTheEnd func() error) (submission.Result, error) {
		msg := "Message-ID: " + e.MessageID + "\r\n\r\n" + strings.Repeat("text\r\n", 500)
		return submission.Send(context.Background(), a, account.NewPassword("x"), submission.Options{BeforeData: atTheEnd},
			submission.Envelope{From: e.From, To: e.To}, []byte(msg))
	}
}

// server counts what it accepted, and strikes at a point of the conversation.
type server struct {
	mu     sync.Mutex
	got    map[string]int
	strike func(point string)
	open   int // sessions: one outlives the program that was killed
	ended  *sync.Cond
}

func (s *server) point(name string) {
	s.mu.Lock()
	f := s.strike
	s.mu.Unlock()
	if f != nil {
		f(name)
	}
}

func (s *server) setStrike(f func(string)) {
	s.mu.Lock()
	s.strike = f
	s.mu.Unlock()
}

func (s *server) count(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[id]
}

type visit struct{ s *server }

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	s.point("connect")
	return visit{s}, nil
}

func (v visit) AuthMechanisms() []string { return []string{sasl.Plain} }
func (v visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}
func (v visit) Mail(string, *smtp.MailOptions) error { v.s.point("MAIL"); return nil }
func (v visit) Rcpt(string, *smtp.RcptOptions) error { v.s.point("RCPT"); return nil }
func (v visit) Data(r io.Reader) error {
	v.s.point("DATA")
	line, _ := bufio.NewReader(r).ReadString('\n')
	v.s.point("half")
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err // the dot never came: not accepted
	}
	v.s.point("before accepting")
	id := strings.TrimSpace(strings.TrimPrefix(line, "Message-ID:"))
	v.s.mu.Lock()
	v.s.got[id]++
	v.s.mu.Unlock()
	v.s.point("accepted")
	return nil
}
func (v visit) Reset() {}
func (v visit) Logout() error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.s.open--
	v.s.ended.Broadcast()
	return nil
}

// idle waits until every session has ended: what is on the wire is accepted after
// the end of the program that was killed.
func (s *server) idle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open > 0 {
		s.ended.Wait()
	}
}

func serve(t *testing.T) (*server, string) {
	t.Helper()
	s := &server{got: map[string]int{}}
	s.ended = sync.NewCond(&s.mu)
	srv := smtp.NewServer(s)
	srv.AllowInsecureAuth, srv.Domain, srv.ErrorLog = true, "test", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return s, l.Addr().String()
}

// TestKilled kills the program at every point of the conversation and at random
// moments. No message is ever accepted twice, and none that the outbox took in is
// lost: it is accepted, or still there.
func TestKilled(t *testing.T) {
	s, addr := serve(t)
	dir := t.TempDir()
	taken := map[string]bool{}
	run := func(strike func(p *os.Process)) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+dir+"|"+addr)
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if strike != nil {
			strike(cmd.Process)
		}
		cmd.Wait()
		s.idle()
		s.setStrike(nil)
		for line := range strings.Lines(out.String()) {
			if id, ok := strings.CutPrefix(strings.TrimSpace(line), "added "); ok {
				taken[id] = true
			} else if strings.HasPrefix(line, "error") {
				t.Fatal(line)
			}
		}
	}
	start := time.Now()
	run(nil)
	typical := time.Since(start) // of a run that nobody disturbs, on this machine today
	for _, point := range []string{"connect", "MAIL", "RCPT", "DATA", "half", "before accepting", "accepted"} {
		for nth := range 2 {
			n := 0
			run(func(p *os.Process) {
				s.setStrike(func(at string) {
					if at == point {
						if n == nth {
							p.Kill()
						}
						n++
					}
				})
			})
			decide(t, dir, s, taken)
		}
	}
	random := rand.New(rand.NewPCG(6409, 5321))
	for range 8 {
		wait := time.Duration(1.2 * random.Float64() * float64(typical))
		run(func(p *os.Process) { time.AfterFunc(wait, func() { p.Kill() }) })
		decide(t, dir, s, taken)
	}
	run(nil)
	if box, _ := OpenOutbox(dir); box != nil {
		if list, err := box.List(); err != nil || len(list) != 0 {
			t.Errorf("%v; left in the outbox: %+v", err, list)
		}
	}
	for id := range taken {
		if n := s.count(id); n != 1 {
			t.Errorf("%s was delivered %d times", id, n)
		}
	}
	t.Logf("%d messages", len(taken))
	if len(taken) < 20 {
		t.Errorf("only %d messages were taken in: the kills come too early to show anything", len(taken))
	}
}

// decide is the person: looks where the message would be, and says.
func decide(t *testing.T, dir string, s *server, taken map[string]bool) {
	t.Helper()
	box, err := OpenOutbox(dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := box.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		taken[e.MessageID] = true
		n := s.count(e.MessageID)
		switch {
		case e.State == Waiting && n > 0:
			t.Errorf("%s was accepted, and the outbox says that it can be sent", e.MessageID)
		case e.State == Sent && n != 1:
			t.Errorf("%s is called sent and was accepted %d times", e.MessageID, n)
		case e.State == Unknown:
			if _, _, err := box.Send(e.ID, time.Now, nil); !errors.Is(err, ErrUndecided) {
				t.Errorf("an unknown message could be sent: %v", err)
			}
			if n > 0 {
				_, err = box.Delivered(e.ID, time.Now())
			} else {
				_, err = box.Again(e.ID)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}
