package pop3

import (
	"context"
	"strings"
	"time"
)

// Limits of what is asked for ahead of its answers (RFC 2449 section 6.6). The
// commands of a full window fit any socket's buffer, and a second goroutine
// writes them all the same, so the one that reads never waits for a server that
// does not read. The octets bound what a stopped download throws away.
const (
	maxAhead       = 512      // commands; 6 kB
	maxAheadOctets = 32 << 20 // announced: half of it fills 1 Gbit/s at 130 ms, or 6 Gbit/s at 20 ms
	maxAheadTiny   = 16384    // commands whose answers are one line: 10,000 DELEs are one turnaround
)

// exchange is a run of one command over many messages.
type exchange struct {
	op      string
	numbers []int
	command string                                               // "DELE": a message number follows
	suffix  string                                               // what follows the number: " 0" in TOP 3 0
	octets  func(number int) int64                               // announced, of the answer; nil: none to speak of
	answer  func(ctx context.Context, number int, r reply) error // reads the answer's rest; an error is fatal
	tiny    bool                                                 // every answer is a status line alone
	stopped func() bool                                          // after an answer: send no more
	skip    func(ctx context.Context, number int, r reply) error // reads the rest of an answer that nobody wants
}

// run sends the commands, ahead of the answers where the server offers it, and
// has every answer read before it returns. An error has ended the session.
func (s *Session) run(ctx context.Context, x exchange) error {
	if !s.Caps().Pipelining {
		return s.oneByOne(ctx, x)
	}
	w, whole := s.newWriter(), false
	defer func() {
		if !whole { // also when a callback panics: the writer must not wait for ever
			s.conn.Close()
		}
		w.close()
	}()
	sent, answered, stop, window := 0, 0, false, maxAhead
	if x.tiny {
		window = maxAheadTiny
	}
	var ahead int64
	for answered < len(x.numbers) && !(stop && answered == sent) {
		if !stop && (sent-answered < 2 || sent-answered <= window/2 && ahead <= maxAheadOctets/2) {
			from := sent
			for sent < len(x.numbers) && sent-answered < window && (sent-answered < 2 || ahead < maxAheadOctets) {
				ahead += x.weight(sent)
				sent++
			}
			w.write(x.commands(from, sent))
		}
		if err := s.take(ctx, x, answered, stop); err != nil {
			return err
		}
		ahead -= x.weight(answered)
		answered++
		stop = stop || x.stopped != nil && x.stopped()
	}
	whole = true
	return nil
}

func (s *Session) oneByOne(ctx context.Context, x exchange) error {
	for i := range x.numbers {
		if err := s.say(x.commands(i, i+1)); err != nil {
			return s.broken(ctx, x.op, err)
		}
		if err := s.take(ctx, x, i, false); err != nil {
			return err
		}
		if x.stopped != nil && x.stopped() {
			return nil
		}
	}
	return nil
}

// take reads the answer to command i.
func (s *Session) take(ctx context.Context, x exchange, i int, unwanted bool) error {
	r, err := s.next()
	if err == nil {
		if unwanted && x.skip != nil {
			err = x.skip(ctx, x.numbers[i], r)
		} else {
			err = x.answer(ctx, x.numbers[i], r)
		}
	}
	if err != nil {
		return s.broken(ctx, numbered(x.op, x.numbers[i]), err)
	}
	return nil
}

func (x exchange) weight(i int) int64 {
	if x.octets == nil {
		return 0
	}
	return x.octets(x.numbers[i])
}

// commands gives lines from to to-1 joined by CRLF, "" when there are none.
func (x exchange) commands(from, to int) string {
	if from == to {
		return ""
	}
	var b strings.Builder
	b.Grow((to - from) * (len(x.command) + len(x.suffix) + 10))
	for i := from; i < to; i++ {
		if i > from {
			b.WriteString("\r\n")
		}
		b.WriteString(x.command)
		b.WriteByte(' ')
		b.WriteString(decimal(x.numbers[i]))
		b.WriteString(x.suffix)
	}
	return b.String()
}

// writer writes on a goroutine of its own. A failed write is not reported: the
// reader finds out, from a connection that it then closes.
type writer struct {
	queue chan string
	gone  chan struct{}
}

func (s *Session) newWriter() *writer {
	w := &writer{queue: make(chan string, maxAhead), gone: make(chan struct{})}
	go func() {
		defer close(w.gone)
		for commands := range w.queue {
			if s.sayAhead(commands) != nil {
				s.conn.Close() // wakes the reader, which tells why
			}
		}
	}()
	return w
}

// sayAhead is say in one write: the library's own buffer would cut 10,000
// commands into pieces of 4 kB. It holds nothing back between two commands.
func (s *Session) sayAhead(commands string) error {
	s.mu.Lock()
	s.said = time.Now()
	s.mu.Unlock()
	_, err := s.conn.Write([]byte(commands + "\r\n"))
	return err
}

// write never blocks: commands come by the half window, so that few pieces wait
// here; one by one they come only when octets are the limit, and then at most
// maxAhead are unanswered.
func (w *writer) write(commands string) {
	if commands != "" {
		w.queue <- commands
	}
}

// close waits until nothing more can be written. After a fault the connection is closed already.
func (w *writer) close() {
	close(w.queue)
	<-w.gone
}
