package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

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
		var uid uint32
		var flags []string
		told := false // an empty list of flags is an answer too: the last flag was removed
		for item := data.Next(); item != nil; item = data.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = uint32(item.UID)
			case imapclient.FetchItemDataFlags:
				flags, told = names(item.Flags), true
			}
		}
		if uid != 0 && told {
			now[uid] = flags
		}
	}
	return cmd.Close()
}

// systemFlags can be set by a client (RFC 9051 section 2.3.2).
var systemFlags = []string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`}

// checkFlags refuses what is neither a system flag nor an atom: the library
// closes the connection over it.
func checkFlags(op string, flags []string) error {
	for _, f := range flags {
		system := slices.ContainsFunc(systemFlags, func(s string) bool { return strings.EqualFold(s, f) })
		if !system && (f == "" || strings.ContainsFunc(f, notInAtom)) {
			return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrRefused,
				Text: fmt.Sprintf("%q is no flag that a client can set (RFC 9051 section 2.3.2)", f)}
		}
	}
	return nil
}

func notInAtom(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r)
}
