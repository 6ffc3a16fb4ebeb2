package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// Copied says where messages went.
type Copied struct {
	UIDValidity uint32            // of the destination; 0: the server did not say
	UIDs        map[uint32]uint32 // by source UID, in the destination; empty: the server did not say (no UIDPLUS, RFC 4315)
}

// Store adds or removes flags and returns the flags that each message has now.
// Messages that are gone are not in the result; ErrGone when all are.
func (s *Session) Store(ctx context.Context, uids []uint32, add bool, flags []string) (map[uint32][]string, error) {
	const name = "change flags"
	if err := checkFlags(name, flags); err != nil {
		return nil, err
	}
	set := uidSet(uids)
	if len(set) == 0 || len(flags) == 0 {
		return nil, refused(name, "no message or no flag was named")
	}
	now := map[uint32][]string{}
	err := s.do(ctx, name, causesFlags, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		for _, part := range chunks(set) {
			if err := s.store(part, add, flags, now); err != nil {
				return err
			}
		}
		if len(now) > 0 {
			return nil
		}
		// Nothing was told: either nothing changed or nothing is there.
		for _, part := range chunks(set) {
			if err := flagsOf(s.client.Fetch(part, &goimap.FetchOptions{UID: true, Flags: true, RFC822Size: true}), now); err != nil {
				return err
			}
		}
		if len(now) == 0 {
			return gone(name, "expunged by another session")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return now, nil
}

func (s *Session) store(set goimap.UIDSet, add bool, flags []string, now map[uint32][]string) error {
	o := &goimap.StoreFlags{Op: goimap.StoreFlagsDel}
	if add {
		o.Op = goimap.StoreFlagsAdd
	}
	for _, f := range flags {
		o.Flags = append(o.Flags, goimap.Flag(f))
	}
	return flagsOf(s.client.Store(set, o, nil), now)
}

// flagsOf notes the flags of each answer.
func flagsOf(cmd *imapclient.FetchCommand, now map[uint32][]string) error {
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		if buf, err := data.Collect(); err == nil && buf.UID != 0 && buf.Flags != nil {
			now[uint32(buf.UID)] = names(buf.Flags)
		}
	}
	return cmd.Close()
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
	out.add(data.UIDValidity, src, dst)
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
	out.add(data.UIDValidity, data.SourceUIDs, data.DestUIDs)
	return nil
}

// add pairs COPYUID's two sets (RFC 4315 section 3); when they do not fit
// together nothing is claimed.
func (c *Copied) add(validity uint32, src, dst goimap.UIDSet) {
	from, to := walk(src, maxExists), walk(dst, maxExists)
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

// seenGone are the UIDs that the running operation saw expunged, 0 for those
// that were not known.
func (s *Session) seenGone() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.gone)
}

// OthersDeletedError says that EXPUNGE would take messages along that were not
// asked for, and that the server cannot expunge by UID.
type OthersDeletedError struct {
	Others []uint32 // UIDs that carry \Deleted besides those asked for
}

// Error gives one line.
func (e *OthersDeletedError) Error() string {
	return fmt.Sprintf(`%d other messages are marked \Deleted, and this server can only expunge all of them (no UIDPLUS, RFC 4315)`, len(e.Others))
}

// Is makes errors.Is(err, ErrRefused) true.
func (e *OthersDeletedError) Is(target error) bool { return target == retrieval.ErrRefused }

// Expunge removes those of the named messages that carry \Deleted, and returns
// the UIDs that are gone now. Without UIDPLUS it expunges only when nothing else
// carries \Deleted, else it fails with OthersDeletedError.
func (s *Session) Expunge(ctx context.Context, uids []uint32) ([]uint32, error) {
	const name = "expunge"
	set := uidSet(uids)
	if len(set) == 0 {
		return nil, refused(name, "no message was named")
	}
	var out []uint32
	err := s.do(ctx, name, causesExpunge, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		if err := s.expunge(set, uids); err != nil {
			return err
		}
		var err error
		out, err = s.goneOf(set, uids)
		return err
	})
	return out, err
}

func (s *Session) expunge(set goimap.UIDSet, uids []uint32) error {
	if s.has(goimap.CapUIDPlus) {
		for _, part := range chunks(set) {
			if err := s.client.UIDExpunge(part).Close(); err != nil {
				return err
			}
		}
		return nil
	}
	marked, err := s.search(&goimap.SearchCriteria{Flag: []goimap.Flag{goimap.FlagDeleted}}, maxExists)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(marked, func(u uint32) bool { return set.Contains(goimap.UID(u)) })
	if len(others) > 0 {
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "expunge", Err: &OthersDeletedError{Others: others}}
	}
	return s.client.Expunge().Close()
}

// goneOf tells which of uids the running command saw leave. When an EXPUNGE
// could not be named by UID the server is asked what is left.
func (s *Session) goneOf(set goimap.UIDSet, uids []uint32) ([]uint32, error) {
	seen := s.seenGone()
	slices.Sort(seen)
	has := func(list []uint32, u uint32) bool { _, found := slices.BinarySearch(list, u); return found }
	keep := func(u uint32) bool { return !has(seen, u) }
	if has(seen, 0) {
		var left []uint32
		for _, part := range chunks(set) {
			some, err := s.search(&goimap.SearchCriteria{UID: []goimap.UIDSet{part}}, len(uids))
			if err != nil {
				return nil, err
			}
			left = append(left, some...)
		}
		keep = func(u uint32) bool { return has(left, u) }
	}
	out := slices.DeleteFunc(slices.Clone(uids), keep)
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Append stores a message in a folder and returns its UID there, 0 when the
// server does not say (no UIDPLUS). msg has CRLF line ends; a zero date leaves
// the internal date to the server.
func (s *Session) Append(ctx context.Context, folder string, flags []string, date time.Time, msg []byte) (uid uint32, err error) {
	name := "append to " + folder
	if err := checkFlags(name, flags); err != nil {
		return 0, err
	}
	o := &goimap.AppendOptions{Time: date}
	for _, f := range flags {
		o.Flags = append(o.Flags, goimap.Flag(f))
	}
	err = s.do(ctx, name, causesExists, func(context.Context) error {
		// The library closes the connection when the server refuses a literal
		// instead of inviting it. A folder that is not there is found out before.
		if len(msg) > nonSync || !(s.has(goimap.CapLiteralPlus) || s.has(goimap.CapLiteralMinus)) {
			if _, err := s.client.Status(folder, counts).Wait(); err != nil {
				return err
			}
		}
		uid, err = s.append(folder, o, msg)
		return err
	})
	return uid, err
}

// nonSync is the longest literal that the library sends without asking first, in octets (RFC 7888 section 5).
const nonSync = 4096

func (s *Session) append(folder string, o *goimap.AppendOptions, msg []byte) (uint32, error) {
	s.tap.muted.Store(true)
	defer s.tap.muted.Store(false)
	cmd := s.client.Append(folder, int64(len(msg)), o)
	_, werr := cmd.Write(msg)
	cerr := cmd.Close()
	data, err := cmd.Wait() // a refusal instead of the invitation is the better reason
	for _, e := range []error{err, werr, cerr} {
		if e != nil {
			return 0, e
		}
	}
	return uint32(data.UID), nil
}

// describe names messages for an operation's error: "message 7", "3 messages".
func describe(uids []uint32) string {
	if len(uids) == 1 {
		return fmt.Sprintf("message %d", uids[0])
	}
	return strings.TrimSpace(fmt.Sprintf("%d messages", len(uids)))
}
