package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// partSize is how much of a message one FETCH asks for, in octets: a stalled or
// broken large message is noticed, and can be stopped, part by part.
const partSize = 1 << 20

// Fetch writes the message's octets, untouched, to w and returns how many there
// were. peek leaves \Seen alone (BODY.PEEK[], RFC 9051 section 6.4.5). An answer
// that is NIL, cut or left out is an error: ErrGone when the message is not
// there any more. progress, when not nil, is called after each write; total is
// RFC822.SIZE. When w fails, its error is returned and the session lives on.
func (s *Session) Fetch(ctx context.Context, uid uint32, peek bool, w io.Writer, progress func(done, total int64)) (int64, error) {
	name := "fetch " + describe([]uint32{uid})
	if uid == 0 {
		return 0, refused(name, "UIDs begin at 1")
	}
	b := &body{s: s, name: name, set: goimap.UIDSet{{Start: goimap.UID(uid), Stop: goimap.UID(uid)}}, w: w, progress: progress}
	err := s.do(ctx, name, causesFlags, func(ctx context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		return b.all(ctx, peek)
	})
	if err == nil {
		err = b.werr
	}
	return b.done, err
}

// body is one message on its way.
type body struct {
	s        *Session
	name     string
	set      goimap.UIDSet
	w        io.Writer
	werr     error // the writer's
	progress func(done, total int64)
	done     int64
	total    int64 // RFC822.SIZE, or a part's octets by BODYSTRUCTURE; 0: not told yet
	most     int64 // how many octets are wanted; 0: all

	path      []int // of the part; none: the whole message
	specifier goimap.PartSpecifier
}

// all fetches part after part until the server has no more.
func (b *body) all(ctx context.Context, peek bool) error {
	for first := true; ; first = false {
		n, err := b.part(peek || !first)
		if errors.Is(err, errNoBody) { // a flag update for the message takes the body's place in the library
			n, err = b.part(true)
		}
		switch {
		case errors.Is(err, errNoBody):
			return gone(b.name, "the server has no such message")
		case err != nil:
			return err
		case b.werr != nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if b.most > 0 && b.done >= b.most {
			return nil
		}
		// A part shorter than asked is the last one. When RFC822.SIZE promised
		// more, only an empty part behind it proves that.
		if n > partSize || (b.done == b.total && n > 0) || (n < partSize && (b.done >= b.total || n == 0)) {
			return nil
		}
	}
}

var errNoBody = errors.New("no body came")

// part fetches the octets behind those that are done.
func (b *body) part(peek bool) (int64, error) {
	size := int64(partSize)
	if b.most > 0 {
		size = min(size, b.most-b.done)
	}
	section := &goimap.FetchItemBodySection{Peek: peek, Part: b.path, Specifier: b.specifier, Partial: &goimap.SectionPartial{Offset: b.done, Size: size}}
	cmd := b.s.client.Fetch(b.set, &goimap.FetchOptions{UID: true, RFC822Size: b.total == 0, BodySection: []*goimap.FetchItemBodySection{section}})
	n, came := int64(0), false
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		for item := data.Next(); item != nil; item = data.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataRFC822Size:
				b.total = item.Size
			case imapclient.FetchItemDataBodySection:
				if item.Literal == nil || came || !b.fits(item.Section) {
					continue // NIL: the message is gone (Dovecot says so to who does not know yet)
				}
				came = true
				var cut error
				if n, cut = b.copy(item.Literal); cut != nil {
					return n, cut // reading on would touch what the library's reader is using: the connection is over
				}
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return n, err
	}
	if !came {
		return 0, errNoBody
	}
	return n, nil
}

// fits reports whether a section is the one that was asked for. A server
// without partial fetch sends the whole message, which is right at the start.
func (b *body) fits(x *goimap.FetchItemBodySection) bool {
	if x.Specifier != b.specifier || !slices.Equal(x.Part, b.path) {
		return false
	}
	if x.Partial == nil {
		return b.done == 0
	}
	return x.Partial.Offset == b.done
}

// copy writes one literal and checks that all of it came. The literal is read
// to its end even when the writer fails, so that the session stays in step.
func (b *body) copy(lit goimap.LiteralReader) (int64, error) {
	buf := make([]byte, 32<<10)
	var n int64
	for {
		k, err := lit.Read(buf)
		n += int64(k)
		if k > 0 && b.werr == nil {
			_, b.werr = b.w.Write(buf[:k])
		}
		if b.werr == nil {
			b.done += int64(k)
			if b.progress != nil && k > 0 {
				b.progress(b.done, max(b.total, b.done))
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return n, err
		}
	}
	return n, whole(n, lit)
}

// whole makes an error of a literal that the end of the connection cut short:
// the library calls that a normal end.
func whole(n int64, lit goimap.LiteralReader) error {
	if n != lit.Size() {
		return fmt.Errorf("%d octets came of %d: %w", n, lit.Size(), io.ErrUnexpectedEOF)
	}
	return nil
}
