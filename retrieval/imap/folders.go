package imap

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// maxCounted is how many folders are counted one by one where the server has no
// LIST-STATUS; the others stay uncounted. They are asked statusBatch at a time.
const (
	maxCounted  = 100
	statusBatch = 20
)

var counts = &goimap.StatusOptions{NumMessages: true, NumUnseen: true}

// Folders lists the mailboxes, with special use, subscription and counts in one
// answer where the server can (RFC 5258, RFC 5819, RFC 6154). A folder whose
// name breaks the protocol is listed as one that cannot be selected.
func (s *Session) Folders(ctx context.Context) ([]retrieval.Folder, error) {
	var list []retrieval.Folder
	err := s.do(ctx, "list folders", 0, func(context.Context) error {
		s.mu.Lock()
		s.odd = nil
		s.mu.Unlock()
		data, err := s.client.List("", "*", s.listOptions()).Collect()
		if err != nil {
			return err
		}
		for _, d := range data {
			list = append(list, s.folder(d))
		}
		return s.count(list)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// listOptions asks for what the server offers; nil is a plain LIST.
func (s *Session) listOptions() *goimap.ListOptions {
	if !s.has(goimap.CapListExtended) {
		return nil
	}
	o := &goimap.ListOptions{ReturnSubscribed: true, ReturnSpecialUse: s.has(goimap.CapSpecialUse)}
	if s.has(goimap.CapListStatus) {
		o.ReturnStatus = counts
	}
	return o
}

// roles are the special uses of RFC 6154 section 2 and RFC 8457.
var roles = []string{"All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash", "Important"}

func (s *Session) folder(d *goimap.ListData) retrieval.Folder {
	f := retrieval.Folder{Name: d.Mailbox}
	if d.Delim != 0 {
		f.Delim = string(d.Delim)
	}
	for _, a := range d.Attrs {
		name := strings.TrimPrefix(string(a), `\`)
		switch strings.ToLower(name) {
		case "noselect", "nonexistent":
			f.NoSelect = true
		case "subscribed":
			f.Subscribed = true
		}
		for _, r := range roles {
			if strings.EqualFold(r, name) {
				f.Role = r
			}
		}
	}
	s.mu.Lock()
	f.NoSelect = f.NoSelect || s.odd[d.Mailbox]
	s.mu.Unlock()
	s.counted(&f, d.Status)
	return f
}

// counted takes in what STATUS told of a folder.
func (s *Session) counted(f *retrieval.Folder, st *goimap.StatusData) {
	if st == nil || st.NumMessages == nil || st.NumUnseen == nil {
		return
	}
	f.Messages, f.Unseen, f.Counted = *st.NumMessages, *st.NumUnseen, true
	s.hint[f.Name] = min(f.Messages, maxExists)
}

// count asks for the counts that LIST did not bring, several commands at a time.
func (s *Session) count(list []retrieval.Folder) error {
	var todo []*retrieval.Folder
	for i := range list {
		if f := &list[i]; !f.Counted && !f.NoSelect && len(todo) < maxCounted {
			todo = append(todo, f)
		}
	}
	for len(todo) > 0 {
		batch := todo[:min(len(todo), statusBatch)]
		todo = todo[len(batch):]
		var cmds []*imapclient.StatusCommand
		for _, f := range batch {
			cmds = append(cmds, s.client.Status(f.Name, counts))
		}
		for i, cmd := range cmds {
			st, err := cmd.Wait()
			if no := (*goimap.Error)(nil); errors.As(err, &no) {
				continue // this folder stays uncounted
			} else if err != nil {
				return err
			}
			s.counted(batch[i], st)
		}
	}
	return nil
}

// Status counts one folder; only name and counts are filled in.
func (s *Session) Status(ctx context.Context, name string) (retrieval.Folder, error) {
	f := retrieval.Folder{Name: name}
	err := s.do(ctx, "count "+name, 0, func(context.Context) error {
		st, err := s.client.Status(name, counts).Wait()
		if err == nil {
			s.counted(&f, st)
		}
		return err
	})
	return f, err
}

// Create makes a folder (RFC 9051 section 6.3.4).
func (s *Session) Create(ctx context.Context, name string) error {
	return s.do(ctx, "create "+name, 0, func(context.Context) error { return s.client.Create(name, nil).Wait() })
}

// readable makes a LIST or STATUS line whose mailbox name is not modified UTF-7
// (RFC 9051 section 5.1) into one that the library survives. Such a name cannot
// be sent back, so the folder is remembered as odd. s.mu is held.
func (s *Session) readable(u untagged, line []byte) []byte {
	start, end := mailboxName(u)
	if start < 0 {
		return line
	}
	name := u.rest[start:end]
	plain := bytes.Trim(name, `"`)
	if decodes(plain) {
		return line
	}
	if s.odd == nil {
		s.odd = map[string]bool{}
	}
	fixed := strings.ReplaceAll(strings.Map(asciiOnly, string(plain)), "&", "&-")
	s.odd[strings.ReplaceAll(fixed, "&-", "&")] = true
	at := bytes.LastIndex(line, name)
	return bytes.Join([][]byte{line[:at], []byte(`"` + fixed + `"`), line[at+len(name):]}, nil)
}

// mailboxName finds the mailbox name in what follows LIST or STATUS; -1 when
// it is a literal or cannot be found.
func mailboxName(u untagged) (start, end int) {
	b := u.rest
	if u.word == "LIST" {
		attrs := bytes.IndexByte(b, ')')
		if attrs < 0 || attrs+2 > len(b) {
			return -1, -1
		}
		start = attrs + 2
		delim := token(b[start:])
		start += delim + 1
	}
	if start >= len(b) || b[start] == '{' {
		return -1, -1
	}
	return start, start + token(b[start:])
}

// token is the length of the atom or quoted string that b begins with.
func token(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		if i := bytes.IndexByte(b, ' '); i >= 0 {
			return i
		}
		return len(b)
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// asciiOnly replaces what a quoted mailbox name of ours cannot carry.
func asciiOnly(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' {
		return '?'
	}
	return r
}

// decodes reports whether the library can decode a mailbox name: UTF-8 without
// controls, each "&" the start of "&-" or of base64 up to "-", not two in a row.
func decodes(name []byte) bool {
	if !utf8.Valid(name) {
		return false
	}
	shifted := false // directly behind an encoded run
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		if c != '&' {
			shifted = false
			continue
		}
		n := bytes.IndexByte(name[i+1:], '-')
		if n < 0 || (n > 0 && (shifted || !decodesRun(name[i+1:i+1+n]))) {
			return false
		}
		shifted = n > 0
		i += n + 1
	}
	return true
}

// decodesRun reports whether b is modified base64 of whole UTF-16 units.
func decodesRun(b []byte) bool {
	enc := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
	raw, err := enc.DecodeString(string(b))
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return false
	}
	for i := 0; i < len(raw); i += 2 {
		unit := uint16(raw[i])<<8 | uint16(raw[i+1])
		switch {
		case unit >= 0x20 && unit < 0x7f:
			return false // printable ASCII must not be encoded
		case unit >= 0xd800 && unit < 0xdc00:
			if i+3 >= len(raw) || raw[i+2]&0xfc != 0xdc {
				return false
			}
			i += 2
		case unit >= 0xdc00 && unit < 0xe000:
			return false
		}
	}
	return true
}
