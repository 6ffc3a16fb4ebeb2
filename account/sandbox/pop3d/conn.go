package pop3d

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"time"
)

const (
	// maxCommand is the limit of RFC 2449 section 4 in octets, CRLF included.
	maxCommand = 255
	// maxResponse is for a SASL response, to which maxCommand does not apply
	// (RFC 5034 section 4); the number is RFC 4954's.
	maxResponse = 12288
	// maxSkip is how much of an over-long line is read away before the
	// connection is given up.
	maxSkip = 64 << 10

	readBuffer  = 16 << 10 // at least maxResponse
	writeBuffer = 64 << 10
	// writeStall is how long a client may not take a single writeBuffer.
	writeStall = time.Minute

	// lingerTime and lingerOctets bound the wait for the client's end of a
	// connection that we closed: closing with unread octets would reset it and
	// could take the last answer with it.
	lingerTime   = time.Second
	lingerOctets = 256 << 10
)

// errFlood is a line of which no end is in sight.
var errFlood = errors.New("endless command line")

// limitUnread keeps the system from taking megabytes off our hands for a client
// that may never read them: a client that pipelines RETR, DELE and QUIT and goes
// away in the middle of the download would else lose the message.
func limitUnread(conn net.Conn) {
	if c, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
		c.SetWriteBuffer(writeBuffer) // without it we only lose that protection
	}
}

// attach makes c the connection that is read and written.
func (s *session) attach(c net.Conn) {
	s.conn = c
	s.r = bufio.NewReaderSize(input{s}, readBuffer)
	s.w = bufio.NewWriterSize(output{s}, writeBuffer)
}

// input reads the connection for the session's buffer. Answers are held back
// as long as there are commands to read: they leave just before a Read that
// may block, so that a pipelined batch costs few packets (RFC 2449 section 6.6).
type input struct{ s *session }

func (in input) Read(p []byte) (int, error) {
	s := in.s
	if err := s.flush(); err != nil {
		return 0, err
	}
	if s.deadline.IsZero() {
		s.deadline = time.Now().Add(s.idleTimeout())
		if err := s.conn.SetReadDeadline(s.deadline); err != nil {
			return 0, err
		}
	}
	return s.conn.Read(p)
}

// output writes in pieces, each with its own deadline: a client may be slow
// but not stand still.
type output struct{ s *session }

func (out output) Write(p []byte) (int, error) {
	conn, done := out.s.conn, 0
	for done < len(p) {
		if err := conn.SetWriteDeadline(time.Now().Add(writeStall)); err != nil {
			return done, err
		}
		n, err := conn.Write(p[done:min(len(p), done+writeBuffer)])
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (s *session) idleTimeout() time.Duration {
	if d := s.srv.o.Policy().IdleTimeout; d > 0 {
		return d
	}
	return defaultIdle
}

// flush sends the answers that are held back, and then tells the maildrop
// which messages have left whole.
func (s *session) flush() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	if s.drop != nil {
		for _, i := range s.retrieved {
			s.drop.Retrieved(i)
		}
	}
	s.retrieved = s.retrieved[:0]
	return nil
}

// readLine reads a line of at most limit octets and gives it without its
// CRLF (a lone LF is taken too). A longer one is read away and refused. A line
// cut off by the end of the connection is not given.
func (s *session) readLine(limit int) (string, error) {
	s.deadline = time.Time{}
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = s.skipLine(len(line))
		line = nil
		if err == nil {
			return "", errTooLong
		}
	}
	if err != nil {
		return "", err
	}
	if len(line) > limit {
		return "", errTooLong
	}
	return string(bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))), nil
}

var errTooLong = bad("line too long")

// skipLine reads to the end of a line of which n octets are read already.
func (s *session) skipLine(n int) error {
	for n < maxSkip {
		part, err := s.r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		n += len(part)
	}
	return errFlood
}

// linger closes the connection so that what was sent last arrives.
func (s *session) linger() {
	type halfCloser interface{ CloseWrite() error }
	raw, ok := s.raw.(halfCloser)
	if !ok {
		s.conn.Close()
		return
	}
	s.raw.SetDeadline(time.Now().Add(lingerTime))
	if c, ok := s.conn.(halfCloser); ok && s.conn != s.raw {
		c.CloseWrite()
	}
	if raw.CloseWrite() == nil {
		io.CopyN(io.Discard, s.raw, lingerOctets)
	}
	s.raw.Close()
}
