package imap

import (
	"bytes"
	"sync/atomic"
)

// proof is an AUTHENTICATE on its way. The library asks for the capabilities as
// soon as it hears OK, before anybody could look at whether the server has proved
// itself: what it says between that OK and the verdict is held back.
type proof struct {
	asked    atomic.Bool // AUTHENTICATE went out
	answered atomic.Bool // a tagged response came after it
	known    chan struct{}
	fine     bool // set before known is closed
}

func newProof() *proof { return &proof{known: make(chan struct{})} }

// judge is called once, when it is known whether the server may hear more.
func (p *proof) judge(fine bool) {
	p.fine = fine
	close(p.known)
}

// heard looks at the first line of a response.
func (p *proof) heard(line []byte) {
	if p.asked.Load() && !bytes.HasPrefix(line, []byte("*")) && !bytes.HasPrefix(line, []byte("+")) {
		p.answered.Store(true)
	}
}

// permits reports whether a line may go out; it waits where that is not yet known.
// Responses of the exchange are base64 and have no space: they always may.
func (p *proof) permits(line []byte) bool {
	switch {
	case bytes.Contains(line, []byte(" AUTHENTICATE ")):
		p.asked.Store(true)
		return true
	case !p.answered.Load() || !bytes.Contains(line, []byte(" ")):
		return true
	}
	<-p.known
	return p.fine
}
