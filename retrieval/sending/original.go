package sending

import (
	"net/mail"
	"strings"

	_ "github.com/emersion/go-message/charset" // names in any character set
	gomail "github.com/emersion/go-message/mail"

	"imapop/account/draft"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
)

// Original is a received message as a draft answers it. Everything in it is cleaned.
func Original(m *mime.Message) draft.Original {
	h := m.Header
	return draft.Original{
		From: people(h, "From"), ReplyTo: people(h, "Reply-To"), To: people(h, "To"), Cc: people(h, "Cc"),
		Subject: h.Text("Subject"), Date: h.Date(), MessageID: first(ids(h.Get("Message-ID"))),
		InReplyTo: ids(h.Get("In-Reply-To")), References: ids(h.Get("References")), Text: text(m),
	}
}

// people writes an address field as a person would type it; what cannot be read as
// addresses comes as it stands.
func people(h mime.Header, name string) string {
	var mh gomail.Header
	mh.Set(name, h.Get(name))
	list, err := mh.AddressList(name)
	if err != nil {
		return h.Text(name)
	}
	var out []string
	for _, a := range list {
		out = append(out, draft.Written(&mail.Address{Name: safe.Line(a.Name), Address: safe.Line(a.Address)}))
	}
	return strings.Join(out, ", ")
}

// ids reads message identifiers (RFC 5322 section 3.6.4); what stands between them
// is passed over.
func ids(s string) (out []string) {
	for {
		_, rest, ok := strings.Cut(s, "<")
		id, after, ended := strings.Cut(rest, ">")
		if !ok || !ended {
			return out
		}
		if s = after; id != "" && !strings.ContainsAny(id, "< \t\r\n") && safe.Line(id) == id && len(id) < 900 {
			out = append(out, "<"+id+">")
		}
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// maxQuoted bounds what an answer quotes, in octets.
const maxQuoted = 256 << 10

// text is what a person reads of the message, quote marks before what is quoted.
func text(m *mime.Message) string {
	var b strings.Builder
	for _, block := range m.Document(false).Blocks {
		switch block.Kind {
		case mime.TextBlock:
			for _, l := range block.Lines {
				mark := strings.Repeat(">", l.Quote)
				if mark != "" {
					mark += " "
				}
				b.WriteString(strings.TrimRight(mark+l.Text, " ") + signatureSpace(l.Text) + "\n")
			}
		case mime.MarkdownBlock:
			b.WriteString(block.Markdown + "\n")
		}
		if b.Len() > maxQuoted {
			return safe.Text(b.String()[:maxQuoted]) + "\n(…)\n"
		}
	}
	return b.String()
}

// signatureSpace keeps the signature's mark what it is (RFC 3676 section 4.3).
func signatureSpace(line string) string {
	if line == "-- " || line == "--" {
		return " "
	}
	return ""
}
