package sandbox

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// content is a message as RFC 5322 wants it: CRLF line ends, a CRLF at the end.
// It is immutable and shared by copies; safe for use by many goroutines.
type content interface {
	// Size gives the octets of Bytes without making them.
	Size() int64
	// Bytes gives the message. Do not change it.
	Bytes() []byte
	// Envelope and Structure are parsed when they are first asked for.
	Envelope() *imap.Envelope
	Structure() imap.BodyStructure
}

// message is one message in one mailbox. UID and content never change; flags
// and gone are guarded by store.mu.
type message struct {
	uid   imap.UID
	guid  uint32 // survives MOVE, never used twice; what the opaque unique-id is made of
	gone  bool   // expunged
	date  time.Time
	flags []imap.Flag // sorted; never changed in place, so a copy of the slice is a snapshot
	content
}

// stored is content that is kept, for seeded, appended and delivered messages.
type stored struct {
	raw       []byte
	envelope  func() *imap.Envelope
	structure func() imap.BodyStructure
}

func newStored(raw []byte) *stored {
	return &stored{
		raw:       raw,
		envelope:  sync.OnceValue(func() *imap.Envelope { return parseEnvelope(raw) }),
		structure: sync.OnceValue(func() imap.BodyStructure { return parseStructure(raw) }),
	}
}

func (s *stored) Size() int64                   { return int64(len(s.raw)) }
func (s *stored) Bytes() []byte                 { return s.raw }
func (s *stored) Envelope() *imap.Envelope      { return s.envelope() }
func (s *stored) Structure() imap.BodyStructure { return s.structure() }

// normalize gives raw CRLF line ends and a CRLF at its end, so that every door
// counts the same octets. Other octets, bare CR among them, stay.
func normalize(raw []byte) []byte {
	out := make([]byte, 0, len(raw)+bytes.Count(raw, []byte("\n"))+2)
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		out = append(out, bytes.TrimSuffix(line, []byte("\r"))...)
		out = append(out, '\r', '\n')
		raw = rest
	}
	return out
}

var systemFlags = []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}

// canonicalFlag spells a flag as the server does; false for a flag that no
// client may set (\Recent, and any other unknown one with a backslash).
func canonicalFlag(f imap.Flag) (imap.Flag, bool) {
	for _, s := range systemFlags {
		if strings.EqualFold(string(s), string(f)) {
			return s, true
		}
	}
	return f, f != "" && !strings.HasPrefix(string(f), `\`)
}

func (m *message) has(f imap.Flag) bool {
	return slices.ContainsFunc(m.flags, func(g imap.Flag) bool { return strings.EqualFold(string(f), string(g)) })
}

// changeFlags applies one STORE to a flag list and gives a new list; nil input
// and output mean none (RFC 9051 section 6.4.6).
func changeFlags(old []imap.Flag, op imap.StoreFlagsOp, change []imap.Flag) []imap.Flag {
	out := slices.Clone(old)
	if op == imap.StoreFlagsSet {
		out = nil
	}
	for _, f := range change {
		same := func(g imap.Flag) bool { return strings.EqualFold(string(f), string(g)) }
		switch {
		case op == imap.StoreFlagsDel:
			out = slices.DeleteFunc(out, same)
		case !slices.ContainsFunc(out, same):
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

// maxParts bounds the work of parsing one message: go-message needs quadratic
// time for nested multiparts.
const maxParts = 200

func parseStructure(raw []byte) imap.BodyStructure {
	if bytes.Count(raw, []byte("boundary")) > maxParts {
		return plainStructure(raw)
	}
	return fullStructure(imapserver.ExtractBodyStructure(bytes.NewReader(raw)))
}

// plainStructure describes a message that is not parsed as one text part.
func plainStructure(raw []byte) imap.BodyStructure {
	_, body := splitHeader(raw)
	return &imap.BodyStructureSinglePart{
		Type: "text", Subtype: "plain", Size: uint32(len(body)),
		Text:     &imap.BodyStructureText{NumLines: int64(bytes.Count(body, []byte("\n")))},
		Extended: &imap.BodyStructureSinglePartExt{},
	}
}

// fullStructure replaces what the IMAP server library cannot write: multiparts
// with no part, and types with no name.
func fullStructure(bs imap.BodyStructure) imap.BodyStructure {
	switch bs := bs.(type) {
	case *imap.BodyStructureMultiPart:
		if len(bs.Children) == 0 {
			return plainStructure(nil)
		}
		for i := range bs.Children {
			bs.Children[i] = fullStructure(bs.Children[i])
		}
	case *imap.BodyStructureSinglePart:
		if bs.MessageRFC822 != nil {
			bs.MessageRFC822.BodyStructure = fullStructure(bs.MessageRFC822.BodyStructure)
		}
	}
	return bs
}
