package sandbox

import (
	"bufio"
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// splitHeader cuts a message after the empty line that ends its header; the
// header keeps that line.
func splitHeader(raw []byte) (header, body []byte) {
	if bytes.HasPrefix(raw, []byte("\r\n")) {
		return raw[:2], raw[2:]
	}
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return raw[:i+4], raw[i+4:]
	}
	return raw, nil
}

func parseEnvelope(raw []byte) *imap.Envelope {
	head, _ := splitHeader(raw)
	header, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return new(imap.Envelope)
	}
	return imapserver.ExtractEnvelope(header)
}

// bodySection gives the octets of BODY[section]. Sections of the whole message
// are cut from the octets as they are; the library, which parses and writes
// anew, sees only sections of parts (RFC 9051 section 6.4.5).
func bodySection(raw []byte, s *imap.FetchItemBodySection) []byte {
	if len(s.Part) > 0 {
		if bytes.Count(raw, []byte("boundary")) > maxParts {
			return nil
		}
		whole := *s
		whole.Partial = nil
		return partial(imapserver.ExtractBodySection(bytes.NewReader(raw), &whole), s.Partial)
	}
	header, body := splitHeader(raw)
	out := raw
	switch s.Specifier {
	case imap.PartSpecifierText:
		out = body
	case imap.PartSpecifierHeader:
		out = header
		switch {
		case len(s.HeaderFields) > 0:
			out = filterHeader(header, s.HeaderFields, true)
		case len(s.HeaderFieldsNot) > 0:
			out = filterHeader(header, s.HeaderFieldsNot, false)
		}
	}
	return partial(out, s.Partial)
}

// binarySection gives the decoded octets of BINARY[part] (RFC 3516).
func binarySection(raw []byte, s *imap.FetchItemBinarySection) []byte {
	if bytes.Count(raw, []byte("boundary")) > maxParts {
		return nil
	}
	whole := *s
	whole.Partial = nil
	return partial(imapserver.ExtractBinarySection(bytes.NewReader(raw), &whole), s.Partial)
}

// filterHeader keeps the fields that are named, or with keep false the others,
// folded lines with them, and the empty line at the end.
func filterHeader(header []byte, names []string, keep bool) []byte {
	var out []byte
	on := false
	for line := range bytes.SplitAfterSeq(header, []byte("\r\n")) {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := bytes.Cut(line, []byte(":"))
			named := slices.ContainsFunc(names, func(n string) bool {
				return strings.EqualFold(n, strings.TrimRight(string(name), " \t"))
			})
			on = named == keep
		}
		if on {
			out = append(out, line...)
		}
	}
	return append(out, '\r', '\n')
}

// partial cuts <offset.size>; what lies outside is empty.
func partial(b []byte, p *imap.SectionPartial) []byte {
	if p == nil {
		return b
	}
	n := int64(len(b))
	start := min(max(p.Offset, 0), n)
	end := n
	if p.Size >= 0 && p.Size < n-start {
		end = start + p.Size
	}
	return b[start:end]
}
