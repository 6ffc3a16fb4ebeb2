package sandbox

import (
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
)

// generated is the content of one of the --messages: made anew from its number
// whenever somebody reads it, so that 100,000 of them cost a few words each.
type generated struct{ n, of uint32 }

// What generated messages are made of. The last one comes before the seeded mail.
var (
	generatedEnd = time.Date(2026, 9, 6, 18, 0, 0, 0, time.UTC)

	generatedPeople = []string{
		"Ada Lovelace <ada@engine.example>", "Alan Turing <alan@kings.example>", "Barbara Liskov <barbara@mit.example>",
		"Claude Shannon <claude@bell.example>", "Donald Knuth <don@stanford.example>", "Edsger Dijkstra <edsger@thuis.example>",
		"Grace Hopper <grace@navy.example>", "Karen Sparck Jones <karen@cambridge.example>", "Ken Thompson <ken@bell.example>",
		"Margaret Hamilton <margaret@apollo.example>", "Radia Perlman <radia@bridges.example>", "Build <build@ci.example>",
		"Sophie Wilson <sophie@acorn.example>",
	}
	generatedSubjects = []string{
		"Minutes of the meeting", "Re: the spanning tree", "Spare parts for the difference engine", "main is green", "A proof, perhaps",
		"Punched cards: reorder?", "Re: Re: goto", "Tape number", "Weights of terms", "Core dump attached (not really)", "Timetable",
	}
	generatedLines = []string{
		"The tape came back from the reader with two holes where there was one.\r\n",
		"We counted again and the sum is the same, which proves very little.\r\n",
		"Whoever has the key to the machine room, please leave it on the hook.\r\n",
		"\r\n",
		"The relay in panel F sticks when the weather is damp.\r\n",
		"Nothing in the specification says that it must; nothing forbids it.\r\n",
		"I enclose the table of logarithms with the corrections marked in red.\r\n",
		"Measured on Tuesday: 3 turnarounds where one would do.\r\n",
		"\r\n",
		"Please answer before the evening post, the operators leave at six.\r\n",
	}
	seenFlags    = []imap.Flag{imap.FlagSeen}
	flaggedFlags = []imap.Flag{imap.FlagFlagged, imap.FlagSeen}
)

const (
	generatedStep = 13 * time.Minute
	generatedMin  = 900  // octets; the header is shorter than that
	generatedSpan = 4000 // octets between the smallest and the largest
)

func (g generated) hash() uint32 { return spread(g.n) }

// spread mixes a number's bits (the finisher of MurmurHash3); no two numbers
// become the same.
func spread(n uint32) uint32 {
	h := n + 0x9e3779b9
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

// Size is known without the message, and Bytes keeps to it.
func (g generated) Size() int64 { return generatedMin + int64(g.hash()%generatedSpan) }

func (g generated) date() time.Time {
	return generatedEnd.Add(-time.Duration(g.of-g.n) * generatedStep)
}

// Bytes writes a header and fills up with lines to exactly Size octets.
func (g generated) Bytes() []byte {
	size := int(g.Size())
	h := int(g.hash())
	b := make([]byte, 0, size+128)
	b = fmt.Appendf(b, "From: %s\r\nTo: Alice Liddell <alice@%s>\r\nSubject: %s %d\r\n", generatedPeople[h%len(generatedPeople)], Domain, generatedSubjects[h/16%len(generatedSubjects)], g.n)
	b = fmt.Appendf(b, "Date: %s\r\nMessage-ID: <generated-%d@%s>\r\n", g.date().Format("Mon, 2 Jan 2006 15:04:05 -0700"), g.n, Domain)
	b = append(b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"...)
	for i := h; len(b) < size-2; i++ {
		b = append(b, generatedLines[i%len(generatedLines)]...)
	}
	b = b[:size-2]
	if b[len(b)-1] == '\r' {
		b[len(b)-1] = '.'
	}
	return append(b, '\r', '\n')
}

func (g generated) Envelope() *imap.Envelope      { return parseEnvelope(g.Bytes()) }
func (g generated) Structure() imap.BodyStructure { return parseStructure(g.Bytes()) }

// fill puts n generated messages into INBOX, most of them read.
func (s *store) fill(n int) {
	inbox := s.boxes["INBOX"]
	inbox.msgs = make([]*message, 0, n+len(seedMail))
	block := make([]message, n) // one allocation
	for i := range n {
		g := generated{uint32(i + 1), uint32(n)}
		s.guid++
		block[i] = message{uid: inbox.next, guid: s.guid, date: g.date(), content: g}
		switch h := g.hash() >> 8 % 20; {
		case h == 0:
			block[i].flags = flaggedFlags
		case h > 2:
			block[i].flags = seenFlags
		}
		inbox.next++
		inbox.msgs = append(inbox.msgs, &block[i])
	}
}
