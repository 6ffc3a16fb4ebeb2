package imap

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
)

const (
	// maxHeader is how much of a header is fetched with a structure, in octets.
	maxHeader = 64 << 10
	// maxStructure bounds the parts of a structure that are kept.
	maxStructure = 1000
)

// Structure asks for a message's header and the tree of its parts, in one
// command and without its bodies (BODYSTRUCTURE, RFC 9051 section 7.5.2; BODY.PEEK
// leaves \Seen alone). What the server left out is an error: ErrGone when the
// message is not there any more. The message has no Source.
func (s *Session) Structure(ctx context.Context, uid uint32) (*mime.Message, error) {
	name := "ask for the structure of " + describe([]uint32{uid})
	if uid == 0 {
		return nil, refused(name, "UIDs begin at 1")
	}
	var m *mime.Message
	err := s.do(ctx, name, causesFlags, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		for range 2 { // a flag update for the message can take the answer's place
			var err error
			if m, err = s.structure(uid); err != nil || m != nil {
				return err
			}
		}
		return gone(name, "the server has no such message")
	})
	return m, err
}

// structure asks once; nil when the answer lacks something.
func (s *Session) structure(uid uint32) (*mime.Message, error) {
	header := &goimap.FetchItemBodySection{Specifier: goimap.PartSpecifierHeader, Peek: true, Partial: &goimap.SectionPartial{Size: maxHeader}}
	cmd := s.client.Fetch(goimap.UIDSet{{Start: goimap.UID(uid), Stop: goimap.UID(uid)}}, &goimap.FetchOptions{UID: true, RFC822Size: true,
		BodyStructure: &goimap.FetchItemBodyStructure{Extended: true}, BodySection: []*goimap.FetchItemBodySection{header}})
	m := &mime.Message{Octets: -1}
	headed := false
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		for item := data.Next(); item != nil; item = data.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataRFC822Size:
				m.Octets = item.Size
			case imapclient.FetchItemDataBodyStructure:
				m.Root = tree(item.BodyStructure, &m.Notes)
			case imapclient.FetchItemDataBodySection:
				if item.Literal == nil || item.Section.Specifier != goimap.PartSpecifierHeader || len(item.Section.Part) > 0 {
					continue
				}
				octets, err := literal(item.Literal, maxHeader)
				if err != nil {
					return nil, err // the connection is over: nothing more may be read
				}
				headed = true
				m.Header = head(octets, m)
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return nil, err
	}
	if !headed || m.Root == nil || m.Octets < 0 {
		return nil, nil
	}
	return m, nil
}

func head(octets []byte, m *mime.Message) mime.Header {
	h, notes := mime.ParseHeader(octets)
	m.Notes = append(m.Notes, notes...)
	if len(octets) >= maxHeader {
		m.Notes = append(m.Notes, fmt.Sprintf("the header is long: its first %d kB were fetched", maxHeader/1000))
	}
	return h
}

// literal reads one whole; what is beyond most is read and dropped, so that the
// session stays in step.
func literal(lit goimap.LiteralReader, most int) ([]byte, error) {
	var kept bytes.Buffer
	buf := make([]byte, 16<<10)
	var n int64
	for {
		k, err := lit.Read(buf)
		n += int64(k)
		kept.Write(buf[:min(k, max(0, most-kept.Len()))])
		if err != nil {
			if n != lit.Size() {
				return nil, whole(n, lit)
			}
			return kept.Bytes(), nil
		}
	}
}

// tree makes parts of what BODYSTRUCTURE told.
func tree(bs goimap.BodyStructure, notes *[]string) *mime.Part {
	n := 0
	root := node(bs, &n)
	if n > maxStructure {
		*notes = append(*notes, fmt.Sprintf("more than %d parts: the others are left out", maxStructure))
	}
	mime.Number(root)
	return root
}

// node is one part; n counts them. How deep the tree is was bounded before the
// library read it (wire.Limits.Nesting).
func node(bs goimap.BodyStructure, n *int) *mime.Part {
	*n++
	switch bs := bs.(type) {
	case *goimap.BodyStructureMultiPart:
		var params, dparams map[string]string
		disposition := ""
		if x := bs.Extended; x != nil {
			params = x.Params
			if x.Disposition != nil {
				disposition, dparams = x.Disposition.Value, x.Disposition.Params
			}
		}
		p := mime.NewPart("multipart/"+bs.Subtype, disposition, params, dparams)
		for _, c := range bs.Children {
			if *n > maxStructure {
				break
			}
			p.Children = append(p.Children, node(c, n))
		}
		return p
	case *goimap.BodyStructureSinglePart:
		return leaf(bs, n)
	}
	return mime.NewPart("", "", nil, nil)
}

func leaf(bs *goimap.BodyStructureSinglePart, n *int) *mime.Part {
	disposition, dparams := "", map[string]string(nil)
	if x := bs.Extended; x != nil && x.Disposition != nil {
		disposition, dparams = x.Disposition.Value, x.Disposition.Params
	}
	p := mime.NewPart(bs.Type+"/"+bs.Subtype, disposition, bs.Params, dparams)
	p.Encoding = mime.Token(bs.Encoding)
	p.ContentID = safe.Line(strings.Trim(bs.ID, "<>"))
	p.Octets = int64(bs.Size)
	if m := bs.MessageRFC822; m != nil && *n <= maxStructure {
		p.Header = envelope(m.Envelope)
		p.Children = []*mime.Part{node(m.BodyStructure, n)}
	}
	return p
}

// envelope makes the header of a message inside of its ENVELOPE.
func envelope(e *goimap.Envelope) mime.Header {
	if e == nil {
		return mime.Header{}
	}
	h := mime.Header{Fields: []mime.Field{{Name: "Subject", Value: e.Subject}}}
	if len(e.From) > 0 {
		a := e.From[0]
		v := "<" + a.Mailbox + "@" + a.Host + ">"
		if a.Name != "" {
			v = a.Name + " " + v
		}
		h.Fields = append(h.Fields, mime.Field{Name: "From", Value: v})
	}
	if !e.Date.IsZero() {
		h.Fields = append(h.Fields, mime.Field{Name: "Date", Value: e.Date.Format("Mon, 2 Jan 2006 15:04:05 -0700")})
	}
	return h
}

// Part fetches the body of the part of that number, as transferred, at most most
// octets of it from its beginning (0: all), in pieces; "" is the whole message.
// It changes nothing on the server. progress is as Fetch's; total is what the
// structure said, or RFC822.SIZE.
func (s *Session) Part(ctx context.Context, uid uint32, number string, total, most int64, progress func(done, total int64)) ([]byte, error) {
	name := fmt.Sprintf("fetch part %s of %s", number, describe([]uint32{uid}))
	path, specifier, err := section(number)
	if err != nil || uid == 0 {
		return nil, refused(name, "there is no such part")
	}
	if most >= total {
		most = 0 // all: then more than was announced shows
	}
	buf := &bytes.Buffer{}
	b := &body{s: s, name: name, set: goimap.UIDSet{{Start: goimap.UID(uid), Stop: goimap.UID(uid)}}, w: buf, progress: progress,
		path: path, specifier: specifier, total: max(total, 1), most: most}
	err = s.do(ctx, name, causesFlags, func(ctx context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		return b.all(ctx, true)
	})
	return buf.Bytes(), err
}

// section takes a part's number apart: "2.1", "3.TEXT".
func section(number string) (path []int, specifier goimap.PartSpecifier, err error) {
	if number == "" {
		return nil, "", nil
	}
	for word := range strings.SplitSeq(number, ".") {
		var n int
		switch _, e := fmt.Sscanf(word, "%d", &n); {
		case word == "TEXT" && specifier == "":
			specifier = goimap.PartSpecifierText
		case e != nil || n < 1 || fmt.Sprint(n) != word || specifier != "":
			return nil, "", retrieval.ErrRefused
		default:
			path = append(path, n)
		}
	}
	return path, specifier, nil
}
