// Package mime reads messages (RFC 5322, RFC 2045 to 2049) so that a person can:
// a tree of parts numbered as IMAP numbers them, text of any charset, HTML as
// Markdown, and a document that says in which order to show it. Wrong MIME is
// read as far as it goes and says what was wrong. It is plain data: no network,
// no files, no clock. Every text that it hands out is clean (retrieval/safe).
package mime

import "imapop/retrieval/safe"

// Bounds for what one message may make this package do. Everything below them
// is read in time that grows with the octets only.
const (
	maxDepth  = 50       // of parts in parts
	maxParts  = 1000     // of one message
	maxFields = 1000     // of one header that are kept; those that say how to read the part always are
	maxField  = 64 << 10 // octets of one field that are kept
	maxText   = 2 << 20  // octets of one part's text that are shown
	maxNotes  = 50
)

// Message is a message as far as it is here.
type Message struct {
	Header Header
	Root   *Part
	Octets int64    // of the whole message: RFC822.SIZE, RETR
	Notes  []string // what was wrong with it, cleaned
	Source []byte   // the octets as they came; nil when only parts were fetched
}

// Part is one node of the tree. Its text fields are cleaned.
type Part struct {
	Number      string            // as IMAP's FETCH names it (RFC 9051 section 6.4.5.1): "1", "2.1"; "TEXT" for the multipart that is the message
	Type        string            // lower case: "text/plain"
	Params      map[string]string // of Content-Type, names in lower case, values decoded (RFC 2231, RFC 2047)
	Disposition string            // "inline", "attachment", "" when not told
	FileName    string            // safe to be made a file (safe.FileName); "" when there is none
	Encoding    string            // of the transfer, lower case; "" means 7bit
	ContentID   string            // without angle brackets
	Octets      int64             // of the body as it is transferred
	Header      Header            // of a message/rfc822: the header of the message inside
	Children    []*Part           // of a multipart, in order; of a message/rfc822, its one root

	boundary string // as it was sent

	body []byte // as transferred
	here bool   // body holds what was asked for
	cut  bool   // body holds only the beginning
	html *HTML  // made of body; nil: not yet
}

// Here reports whether the part's body was fetched, at least its beginning.
func (p *Part) Here() bool { return p.here }

// Cut reports whether only the beginning of the body is here.
func (p *Part) Cut() bool { return p.cut }

// SetBody hands the part its body as it was transferred: what FETCH BODY[n]
// brought. It is cut when there is more of it on the server.
func (p *Part) SetBody(octets []byte, cut bool) {
	p.body, p.here, p.cut, p.html = octets, true, cut, nil
}

// Body is the body as it was transferred; nil when it is not here.
func (p *Part) Body() []byte { return p.body }

// Multipart reports whether the part is a multipart that was read as one.
func (p *Part) Multipart() bool { return len(p.Children) > 0 && isMultipart(p.Type) }

// Wanted names a part whose body is wanted.
type Wanted struct {
	Number string
	Octets int64 // as the structure told
}

// Want names the part.
func (p *Part) Want() Wanted { return Wanted{p.Number, p.Octets} }

// Body is a part's body that was fetched.
type Body struct {
	Number string
	Octets []byte // as transferred
	Cut    bool   // there is more of it on the server
}

// Charset is the charset parameter, "" when there is none.
func (p *Part) Charset() string { return p.Params["charset"] }

// Walk visits the part and all below it, in order, with their depth.
func (p *Part) Walk(visit func(p *Part, depth int)) { p.walk(visit, 0) }

func (p *Part) walk(visit func(*Part, int), depth int) {
	visit(p, depth)
	for _, c := range p.Children {
		c.walk(visit, depth+1)
	}
}

// Find returns the part of that number; nil when there is none.
func (m *Message) Find(number string) (found *Part) {
	m.Root.Walk(func(p *Part, _ int) {
		if found == nil && p.Number == number {
			found = p
		}
	})
	return found
}

// notes collects what was wrong, each once.
type notes struct {
	list []string
	had  map[string]bool
}

func (n *notes) add(s string) {
	s = safe.Cut(s, 200)
	if len(n.list) >= maxNotes || n.had[s] {
		return
	}
	if n.had == nil {
		n.had = map[string]bool{}
	}
	n.had[s] = true
	n.list = append(n.list, s)
}
