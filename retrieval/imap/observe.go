package imap

import (
	"bytes"
	"fmt"
	"slices"

	"imapop/retrieval"
)

// understood are the untagged responses that go-imap survives.
var understood = []string{"OK", "NO", "BAD", "BYE", "PREAUTH", "ID", "CAPABILITY", "NAMESPACE", "FLAGS", "EXISTS", "RECENT",
	"LIST", "STATUS", "FETCH", "EXPUNGE", "SEARCH", "ESEARCH"}

// see is the tap's: it takes in one response line before the library reads it
// and returns what the library is to read, nil for nothing.
func (s *Session) see(line []byte) ([]byte, error) {
	if len(bytes.TrimRight(line, "\r\n")) == 0 {
		return nil, nil // an empty line means nothing and would end the library's connection
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if words := capabilities(line); words != nil {
		s.caps, s.capsAt = words, s.capsAt+1
		select {
		case s.news <- struct{}{}:
		default:
		}
		line = hideRev2(line, words)
	}
	u, ok := parseUntagged(line)
	if !ok {
		s.tagged(line)
		return line, nil
	}
	if s.gather != nil {
		switch u.word {
		case "SORT":
			s.gather.sorted(u.rest)
		case "THREAD":
			s.gather.threaded(u.rest)
		}
	}
	if !slices.Contains(understood, u.word) {
		return nil, nil // also ENABLED, which we never ask for and which races inside the library
	}
	var err error
	switch u.word {
	case "EXISTS":
		err = s.seeExists(u.num)
	case "EXPUNGE":
		err = s.seeExpunge(u.num)
	case "FETCH":
		s.seeFetch(u.num, u.rest)
	case "LIST", "STATUS":
		line = s.readable(u, line)
	case "SEARCH":
		line = rising(line, int(s.view.exists)+slack)
	case "ESEARCH":
		line = risingSet(line, int(s.view.exists)+slack)
	}
	return line, err
}

func (s *Session) seeExists(n uint32) error {
	switch {
	case n > maxExists:
		return fmt.Errorf("%w: EXISTS %d is more than a mailbox can hold", retrieval.ErrProtocol, n)
	case s.sel.now():
		s.sel.exists = n
	case n != s.view.exists && s.box.Name != "":
		s.view.grow(n)
		s.emit(Event{Kind: retrieval.Exists, Count: n, ByUs: s.causes&causesExists != 0})
	}
	return nil
}

func (s *Session) seeExpunge(seq uint32) error {
	if s.sel.now() || s.box.Name == "" {
		return nil
	}
	uid, ok := s.view.expunge(seq)
	if !ok {
		return fmt.Errorf("%w: EXPUNGE %d in a mailbox of %d messages", retrieval.ErrProtocol, seq, s.view.exists)
	}
	e := Event{Kind: retrieval.Expunged, ByUs: s.causes&causesExpunge != 0}
	if uid != 0 {
		e.UIDs = []uint32{uid}
	} else {
		e.Seqs = []uint32{seq}
	}
	s.gone = append(s.gone, uid)
	s.emit(e)
	return nil
}

func (s *Session) seeFetch(seq uint32, rest []byte) {
	if s.sel.now() {
		return
	}
	h := parseFetch(rest)
	if h.uid != 0 {
		s.view.learn(seq, h.uid)
	} else {
		h.uid = s.view.uid(seq)
	}
	if !h.flagged || h.asked || seq == 0 || seq > s.view.exists {
		return
	}
	e := Event{Kind: retrieval.FlagsChanged, ByUs: s.causes&causesFlags != 0}
	if h.uid != 0 {
		e.UIDs, e.Flags = []uint32{h.uid}, map[uint32][]string{h.uid: h.flags}
	} else {
		e.Seqs = []uint32{seq}
	}
	s.emit(e)
}
