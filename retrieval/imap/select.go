package imap

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// selecting follows a SELECT through the connection: until its turn has come,
// untagged data belongs to the mailbox before it.
type selecting struct {
	name   string // what is being selected
	tag    string // of the SELECT that was not answered yet
	open   []string
	exists uint32
}

// now reports whether what the server says is about the mailbox being selected.
func (x *selecting) now() bool { return x.tag != "" && len(x.open) > 0 && x.open[0] == x.tag }

// said is the tap's: it notes the tags of commands and which of them selects.
func (s *Session) said(b []byte) {
	tag, rest, ok := bytes.Cut(b, []byte(" "))
	if !ok || len(tag) < 2 || len(tag) > 20 || tag[0] != 'T' {
		return
	}
	if word, left := numberWord(tag[1:]); len(word) == 0 || len(left) != 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sel.open = append(s.sel.open, string(tag))
	if verb, _, _ := bytes.Cut(rest, []byte(" ")); string(verb) == "SELECT" || string(verb) == "EXAMINE" {
		s.sel.tag, s.sel.exists = string(tag), 0
	}
}

// tagged is told of each tagged response; s.mu is held.
func (s *Session) tagged(line []byte) {
	tag, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return
	}
	if i := slices.Index(s.sel.open, string(tag)); i >= 0 {
		s.sel.open = slices.Delete(s.sel.open, i, i+1)
	}
	if s.sel.tag == "" || string(tag) != s.sel.tag {
		return
	}
	s.sel.tag = ""
	s.view, s.box = view{epoch: s.view.epoch + 1}, retrieval.Mailbox{} // a SELECT that fails leaves nothing selected
	if _, ok := cutFold(rest, "OK"); ok {
		s.view.exists = s.sel.exists
		_, ro := cutFold(rest, "OK [READ-ONLY]")
		s.box = retrieval.Mailbox{Name: s.sel.name, ReadOnly: ro}
	}
}

// Select opens a mailbox (EXAMINE when readOnly). UIDs from another UIDVALIDITY
// are void.
func (s *Session) Select(ctx context.Context, name string, readOnly bool) (retrieval.Mailbox, error) {
	err := s.do(ctx, "select "+name, 0, func(context.Context) error {
		return s.selected(s.sendSelect(name, readOnly))
	})
	if err != nil {
		return retrieval.Mailbox{}, err
	}
	return s.Mailbox(), nil
}

func (s *Session) sendSelect(name string, readOnly bool) *imapclient.SelectCommand {
	if strings.EqualFold(name, "INBOX") { // RFC 9051 section 5.1: in any case
		name = "INBOX"
	}
	s.mu.Lock()
	s.sel.name = name
	s.mu.Unlock()
	return s.client.Select(name, &goimap.SelectOptions{ReadOnly: readOnly})
}

// selected waits for the answer to a SELECT and takes it in.
func (s *Session) selected(cmd *imapclient.SelectCommand) error {
	data, err := cmd.Wait()
	if err != nil {
		if no := (*goimap.Error)(nil); errors.As(err, &no) {
			s.setState("", retrieval.IMAPAuthenticated)
		}
		return err
	}
	s.mu.Lock()
	s.box.UIDValidity, s.box.UIDNext = data.UIDValidity, uint32(data.UIDNext)
	s.box.PermanentFlags = names(data.PermanentFlags)
	s.hint[s.box.Name] = s.view.exists
	s.mu.Unlock()
	s.setState(retrieval.Selected, retrieval.IMAPSelected)
	return nil
}

// SelectWindow opens a mailbox and fetches its newest last messages. When the
// mailbox was counted before, the FETCH goes out behind the SELECT and both take
// one turnaround; otherwise two. What the guess missed is asked for again.
func (s *Session) SelectWindow(ctx context.Context, name string, readOnly bool, last int) (retrieval.Mailbox, []retrieval.Message, error) {
	var got map[uint32]retrieval.Message // by sequence number
	err := s.do(ctx, "select "+name, 0, func(context.Context) error {
		cmd := s.sendSelect(name, readOnly)
		var ahead *imapclient.FetchCommand
		if n := s.hint[name]; n > 0 && last > 0 {
			ahead = s.sendWindow(newest(n, last), n)
		}
		err := s.selected(cmd)
		if ahead != nil {
			got, _ = collect(ahead, bySeq) // refused when messages went away since: then it is asked again
		}
		if err != nil || last <= 0 {
			return err
		}
		got, err = s.complete(got, last)
		return err
	})
	if err != nil {
		return retrieval.Mailbox{}, nil, err
	}
	return s.Mailbox(), inOrder(got), nil
}

// complete asks for those of the newest last messages that are not there yet.
func (s *Session) complete(got map[uint32]retrieval.Message, last int) (map[uint32]retrieval.Message, error) {
	exists := s.Mailbox().Messages
	if got == nil {
		got = map[uint32]retrieval.Message{}
	}
	if exists == 0 {
		return nil, nil
	}
	from := newest(exists, last)
	for seq := range got {
		if seq < from || seq > exists {
			delete(got, seq)
		}
	}
	for from <= exists {
		if _, have := got[from]; !have {
			break
		}
		from++
	}
	if from > exists {
		return got, nil
	}
	more, err := s.window(from, exists)
	maps.Copy(got, more)
	return got, err
}

// newest is the first sequence number of the last n of a mailbox.
func newest(exists uint32, n int) uint32 {
	if int64(n) >= int64(exists) {
		return 1
	}
	return exists - uint32(n) + 1
}

func inOrder(got map[uint32]retrieval.Message) []retrieval.Message {
	list := make([]retrieval.Message, 0, len(got))
	for _, m := range got {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b retrieval.Message) int { return cmp.Compare(a.UID, b.UID) })
	return list
}
