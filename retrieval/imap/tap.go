package imap

import (
	"bytes"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"imapop/account/sasl"
	"imapop/retrieval"
)

// maxHeld bounds a line that is held back until it is whole. The wire's own
// limit on lines is lower; this one holds on any connection.
const maxHeld = 4 << 20

// tap stands between the connection and go-imap and shows each line to the
// session before the library sees it. That keeps untagged data in the order of
// the wire (the library tells flags from a goroutine of their own), and lets lines
// be left out that would end the library's connection though they mean nothing.
type tap struct {
	conn
	see    func(line []byte) ([]byte, error) // first line of a response: what to pass on; nil: leave the response out
	said   func(written []byte)              // what the client writes; never keeps it
	muted  atomic.Bool                       // while a literal of ours goes out, said is not called
	failed atomic.Value                      // failure: why reading ended

	proof atomic.Pointer[proof] // an AUTHENTICATE runs

	in      []byte // read, not yet passed on
	scanned int    // no line end in in[:scanned]
	out     []byte // to be handed to the library
	room    []byte // where out lies, to be used again
	literal int64  // octets of a literal that are still to come
	inside  bool   // in the middle of a response: behind a literal
	drop    bool   // this response is left out
	err     error
	buf     [16 << 10]byte
}

type failure struct{ err error }

var errHeld = errors.New("a line without an end")

// Read gives the library whole lines and the octets of literals as they come.
func (t *tap) Read(p []byte) (int, error) {
	for len(t.out) == 0 {
		if t.err != nil {
			t.failed.CompareAndSwap(nil, failure{t.err})
			return 0, t.err
		}
		n, err := t.conn.Read(t.buf[:])
		t.in = append(t.in, t.buf[:n]...)
		if e := t.sort(); e != nil {
			err = e
			t.conn.Close()
		}
		t.err = err
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// Write shows what the library says. The library writes an empty SASL response
// as "=", which only stands for an empty initial one (RFC 4959 section 3); on a
// line of its own it is no base64, and servers refuse it.
func (t *tap) Write(p []byte) (int, error) {
	if proof := t.proof.Load(); proof != nil {
		if string(p) == "=\r\n" {
			_, err := t.conn.Write(p[1:])
			return len(p), err
		}
		if !proof.permits(p) {
			return 0, sasl.ErrUnproven
		}
	}
	if !t.muted.Load() {
		t.said(p)
	}
	return t.conn.Write(p)
}

// The library sets deadlines that fit neither slow links nor IDLE; the wire has its own.

// SetDeadline does nothing.
func (t *tap) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (t *tap) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (t *tap) SetWriteDeadline(time.Time) error { return nil }

// why tells how reading ended: nil when it did not end by the connection.
func (t *tap) why() error {
	if f, ok := t.failed.Load().(failure); ok {
		return f.err
	}
	return nil
}

// sort moves what is whole from in to out, which is empty.
func (t *tap) sort() error {
	if cap(t.room) > 1<<20 {
		t.room = nil
	}
	t.out = t.room[:0]
	defer func() { t.room = t.out[:0] }()
	in := t.in
	for len(in) > 0 {
		if t.literal > 0 {
			n := min(t.literal, int64(len(in)))
			t.pass(in[:n])
			in, t.literal, t.scanned = in[n:], t.literal-n, 0
			continue
		}
		i := bytes.IndexByte(in[t.scanned:], '\n')
		if i < 0 {
			t.scanned = len(in)
			break
		}
		line := in[:t.scanned+i+1]
		in, t.scanned = in[len(line):], 0
		if err := t.line(line); err != nil {
			return err
		}
	}
	t.in = append(t.in[:0], in...)
	if len(t.in) > maxHeld {
		return errors.Join(retrieval.ErrTooMuch, errHeld)
	}
	return nil
}

func (t *tap) line(line []byte) error {
	n, literal := announces(line)
	if !t.inside {
		if proof := t.proof.Load(); proof != nil {
			proof.heard(line)
		}
		pass, err := t.see(line)
		if err != nil {
			return err
		}
		t.drop = pass == nil
		line = pass
	}
	t.inside, t.literal = literal, n
	t.pass(line)
	return nil
}

func (t *tap) pass(b []byte) {
	if !t.drop {
		t.out = append(t.out, b...)
	}
}

// announces reports whether a line ends in the size of a literal that follows
// it (RFC 9051 section 4.3). Status texts can look the same and have none.
func announces(line []byte) (int64, bool) {
	line = bytes.TrimRight(line, "\r\n")
	if !bytes.HasSuffix(line, []byte("}")) || isStatus(line) {
		return 0, false
	}
	i := bytes.LastIndexByte(line, '{')
	if i < 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSuffix(line[i+1:len(line)-1], []byte("+"))), 10, 64)
	return n, err == nil && n >= 0
}

// isStatus reports whether a line is one that ends in free text: a
// continuation request, a tagged response, or untagged OK, NO, BAD, BYE, PREAUTH.
func isStatus(line []byte) bool {
	rest, untagged := bytes.CutPrefix(line, []byte("* "))
	if !untagged {
		return !bytes.HasPrefix(line, []byte(" ")) && !bytes.HasPrefix(line, []byte(")"))
	}
	word, _, _ := bytes.Cut(rest, []byte(" "))
	switch string(bytes.ToUpper(word)) {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}
