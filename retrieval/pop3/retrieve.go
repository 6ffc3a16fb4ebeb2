package pop3

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"imapop/retrieval"
)

// Sink takes one message's octets as they came: CRLF line ends, dots unstuffed,
// nothing else touched. It is closed once, after its last octet, also when the
// message was cut off: only the error that Retrieve then gives to each tells
// whether it is whole, so nothing may become visible before.
type Sink = io.WriteCloser

// Retrieved is what came of one RETR.
type Retrieved struct {
	Octets int64 // that arrived
	Listed int64 // that LIST announced; -1 when there was no snapshot
	Short  bool  // more than 1 % fewer arrived than LIST announced: the message may be cut, and must stay on the server
}

// ErrNotGiven is a -ERR without a code to RETR or TOP of a message that the
// session listed and has not marked. It is both ErrRefused and ErrGone: most
// often the message was expunged by another session, but Courier says so of one
// whose flags changed, and that one is there again at the next login.
var ErrNotGiven error = notGiven{}

type notGiven struct{}

func (notGiven) Error() string {
	return "the server does not give the message; it is gone, or out of reach of this session"
}

func (notGiven) Is(target error) bool {
	return target == retrieval.ErrRefused || target == retrieval.ErrGone
}

const bodyBuffer = 64 << 10

// Retrieve downloads messages by RETR, ahead of the answers where the server has
// PIPELINING. For each answer, in the order of numbers, it calls open (octets:
// what LIST announced, -1 when nothing did), writes the message into the Sink,
// closes it, and calls each with what came of it; open may return a nil Sink to
// let the octets pass. open is not called for a message that the server refuses.
//
// When the server refuses a message, each hears of it (ErrNotGiven, ErrMarked or
// a code's error) and the run goes on. When open, the Sink or each itself fails,
// no more is asked for, what was asked for is read and thrown away, and Retrieve
// returns that error; the session goes on. When the connection breaks, each hears
// of the message that was cut, and the session is over. progress, if not nil,
// hears of octets; total is what LIST announced.
func (s *Session) Retrieve(ctx context.Context, numbers []int, open func(number int, octets int64) (Sink, error),
	each func(number int, r Retrieved, err error) error, progress func(done, total int64)) error {
	const op = "retrieve"
	end, err := s.beginWith(ctx, op, numbers)
	if err != nil || end == nil {
		return err
	}
	defer end()
	d := download{s: s, sizes: s.listedSizes(), open: open, each: each, progress: progress, buf: make([]byte, bodyBuffer)}
	for _, n := range numbers {
		d.total += min(max(d.listed(n), 0), 1<<40) // a server may announce what it likes
	}
	err = s.run(ctx, exchange{op: op, numbers: numbers, command: "RETR",
		octets: d.weight, answer: d.take, skip: d.skip,
		stopped: func() bool { return d.stop != nil }})
	if err == nil && d.stop != nil {
		err = wrap(op, d.stop)
	}
	return err
}

// beginWith is begin for an operation on messages: none is no operation, and a
// number that this session never listed is refused before anything is sent.
func (s *Session) beginWith(ctx context.Context, op string, numbers []int) (end func(), err error) {
	sizes := s.listedSizes()
	for _, n := range numbers {
		if n < 1 || sizes != nil && n > len(sizes) {
			return nil, opError(numbered(op, n), fmt.Errorf("%w: this session has %d messages", retrieval.ErrStale, len(sizes)))
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	return s.begin(ctx, op)
}

// download is one Retrieve.
type download struct {
	s           *Session
	sizes       []int64
	open        func(int, int64) (Sink, error)
	each        func(int, Retrieved, error) error
	progress    func(done, total int64)
	buf         []byte
	done, total int64
	stop        error // from a callback
}

// listed is what LIST announced for a message, -1 when nothing did.
func (d *download) listed(n int) int64 {
	if n > len(d.sizes) {
		return -1
	}
	return d.sizes[n-1]
}

// weight is what an answer counts for in what is asked for ahead.
func (d *download) weight(n int) int64 {
	if octets := d.listed(n); octets >= 0 {
		return min(octets, maxAheadOctets)
	}
	return bodyBuffer // a guess
}

// take reads one answer to RETR. Its error is the session's end.
func (d *download) take(ctx context.Context, n int, r reply) error {
	if !r.ok {
		no := d.s.notGiven("retrieve", n, r)
		d.s.tellRefused(no, n)
		d.stop = d.each(n, Retrieved{Listed: d.listed(n)}, no)
		return nil
	}
	got := Retrieved{Listed: d.listed(n)}
	sink, err := d.open(n, got.Listed)
	if err != nil {
		d.stop, sink = err, nil
	}
	fault, broken := d.copy(sink, &got)
	if sink != nil {
		if err := sink.Close(); fault == nil {
			fault = err
		}
	}
	if d.stop == nil {
		d.stop = fault // a full disk takes no further message either
	}
	told := d.stop
	if broken != nil {
		told = opError(numbered("retrieve", n), d.s.cause(ctx, broken))
	}
	got.Short = broken == nil && got.Octets < got.Listed-got.Listed/100
	if err := d.each(n, got, told); d.stop == nil {
		d.stop = err
	}
	if told == nil && d.stop == nil && d.s.c.Events != nil {
		d.s.emit(Event{Kind: retrieval.Retrieved, Numbers: []int{n}, Octets: got.Octets})
	}
	return broken
}

// beyond is how far a message may exceed what LIST announced, in octets, besides
// four times that: sizes that do not fit are common, a message without end is not.
const beyond = 16 << 20

// endless says that more came than any honest mistake of LIST explains.
func (r *Retrieved) endless() error {
	if r.Listed < 0 || r.Octets <= 4*min(r.Listed, 1<<40)+beyond {
		return nil
	}
	return fmt.Errorf("%w: %s came of a message that LIST announced with %s", retrieval.ErrTooMuch, retrieval.Octets(r.Octets), retrieval.Octets(r.Listed))
}

// copy reads the body to its end in any case. fault is the sink's first error,
// broken the connection's.
func (d *download) copy(sink Sink, got *Retrieved) (fault, broken error) {
	body := d.s.conn.Body(true)
	for {
		n, err := body.Read(d.buf)
		got.Octets += int64(n)
		d.done += int64(n)
		if sink != nil && fault == nil && n > 0 {
			_, fault = sink.Write(d.buf[:n])
		}
		if n > 0 && d.progress != nil {
			d.progress(d.done, d.total)
		}
		if err := got.endless(); err != nil {
			return fault, err
		}
		if err == io.EOF {
			return fault, nil
		}
		if err != nil {
			return fault, err
		}
	}
}

// skip reads an answer that nobody wants any more.
func (d *download) skip(_ context.Context, n int, r reply) error {
	if !r.ok {
		return nil
	}
	_, err := d.copy(nil, &Retrieved{Listed: d.listed(n)})
	return err
}

// notGiven says what a clean -ERR to RETR or TOP means.
func (s *Session) notGiven(op string, n int, r reply) *retrieval.OpError {
	plain := ErrNotGiven
	if s.isMarked(n) {
		plain = retrieval.ErrMarked
	}
	return refused(numbered(op, n), r, plain)
}

func decimal(n int) string { return strconv.Itoa(n) }

// numbered names an operation on one message: "retrieve message 3".
func numbered(op string, n int) string { return op + " message " + decimal(n) }

func (s *Session) isMarked(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marked[n]
}

// Marked lists the messages that DELE marked in this session, in order.
func (s *Session) Marked() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	numbers := make([]int, 0, len(s.marked))
	for n := range s.marked {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}
