package imap

import (
	"context"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval"
)

// Copied says where messages went.
type Copied struct {
	UIDValidity uint32            // of the destination; 0: the server did not say
	UIDs        map[uint32]uint32 // by source UID, in the destination; empty: the server did not say (no UIDPLUS, RFC 4315)
}

// Copy copies messages to another folder. ErrGone: none of them was there.
func (s *Session) Copy(ctx context.Context, uids []uint32, dest string) (Copied, error) {
	name, out := "copy to "+dest, Copied{}
	err := s.transfer(ctx, name, causesExists, uids, func(set goimap.UIDSet) error { return s.copy(name, set, dest, &out) })
	return out, err
}

// Move moves messages to another folder: UID MOVE (RFC 6851), else COPY, STORE
// \Deleted and UID EXPUNGE, which needs UIDPLUS so that it takes no other
// client's deleted messages along. Without both it is refused. ErrGone: none of
// them was there. When it fails, what was moved before is in the result.
func (s *Session) Move(ctx context.Context, uids []uint32, dest string) (Copied, error) {
	name, out := "move to "+dest, Copied{}
	err := s.transfer(ctx, name, causesExists|causesExpunge|causesFlags, uids, func(set goimap.UIDSet) error {
		switch {
		case s.has(goimap.CapMove):
			return s.move(name, set, dest, &out)
		case !s.has(goimap.CapUIDPlus):
			return &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: "move on this server (neither MOVE nor UIDPLUS)",
				Source: "RFC 6851 section 3.3", Instead: `copy the messages, mark them \Deleted and expunge`}
		}
		if err := s.copy(name, set, dest, &out); err != nil {
			return err
		}
		if err := s.store(set, true, []string{`\Deleted`}, map[uint32][]string{}); err != nil {
			return err
		}
		return s.client.UIDExpunge(set).Close()
	})
	return out, err
}

// transfer runs f for so many messages at a time as one command can name.
func (s *Session) transfer(ctx context.Context, name string, c cause, uids []uint32, f func(goimap.UIDSet) error) error {
	set := uidSet(uids)
	if len(set) == 0 {
		return refused(name, "no message was named")
	}
	return s.do(ctx, name, c, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		for _, part := range chunks(set) {
			if err := f(part); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Session) move(name string, set goimap.UIDSet, dest string, out *Copied) error {
	before := len(s.seenGone())
	data, err := s.client.Move(set, dest).Wait()
	if err != nil {
		return err
	}
	src, _ := data.SourceUIDs.(goimap.UIDSet)
	dst, _ := data.DestUIDs.(goimap.UIDSet)
	if len(dst) == 0 && len(s.seenGone()) == before {
		return gone(name, "the server moved nothing")
	}
	out.add(data.UIDValidity, src, dst, size(set))
	return nil
}

func (s *Session) copy(name string, set goimap.UIDSet, dest string, out *Copied) error {
	data, err := s.client.Copy(set, dest).Wait()
	if err != nil {
		return err
	}
	if len(data.DestUIDs) == 0 && s.has(goimap.CapUIDPlus) {
		return gone(name, "the server copied nothing")
	}
	out.add(data.UIDValidity, data.SourceUIDs, data.DestUIDs, size(set))
	return nil
}

// add pairs COPYUID's two sets (RFC 4315 section 3); when they do not fit
// together nothing is claimed. limit is how many were asked for.
func (c *Copied) add(validity uint32, src, dst goimap.UIDSet, limit int) {
	from, to := walk(src, limit), walk(dst, limit)
	if len(from) != len(to) || len(from) == 0 {
		return
	}
	c.UIDValidity = validity
	if c.UIDs == nil {
		c.UIDs = make(map[uint32]uint32, len(from))
	}
	for i := range from {
		c.UIDs[from[i]] = to[i]
	}
}
