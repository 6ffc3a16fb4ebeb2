package mime

import (
	"cmp"
	"fmt"
	"strings"

	"imapop/retrieval/safe"
)

// NewPart makes a part of its type, disposition and raw parameters, as a header
// or BODYSTRUCTURE has them. What is missing gets RFC 2045 section 5.2's default.
func NewPart(kind, disposition string, params, dparams map[string]string) *Part {
	p := &Part{Type: token(kind), Disposition: token(disposition), Params: Params(params)}
	if major, minor, ok := strings.Cut(p.Type, "/"); !ok || major == "" || minor == "" {
		p.Type = "text/plain"
		if major == "text" && strings.Contains(kind, "html") {
			p.Type = "text/html"
		}
	}
	if name := cmp.Or(Params(dparams)["filename"], p.Params["name"]); name != "" {
		p.FileName = safe.FileName(name)
	}
	return p
}

// Token cleans a word that is compared, such as an encoding.
func Token(s string) string { return token(s) }

func token(s string) string {
	return strings.ToLower(safe.Line(strings.TrimSpace(uncommented(s))))
}

// Number gives every part of a message's tree its number (RFC 9051 section
// 6.4.5.1). A multipart that is a message's body has none there: it is called
// "TEXT", or "2.TEXT" in message 2.
func Number(root *Part) { number(root, "") }

func number(root *Part, prefix string) {
	if !root.Multipart() {
		root.Number = prefix + "1"
		inner(root)
		return
	}
	root.Number = prefix + "TEXT"
	children(root, prefix)
}

func children(p *Part, prefix string) {
	for i, c := range p.Children {
		c.Number = fmt.Sprintf("%s%d", prefix, i+1)
		if c.Multipart() {
			children(c, c.Number+".")
			continue
		}
		inner(c)
	}
}

// inner numbers the message in a message/rfc822.
func inner(p *Part) {
	if isMessage(p.Type) && len(p.Children) == 1 {
		number(p.Children[0], p.Number+".")
	}
}

// Name is what a list calls the part: its file name, or one made of its type.
func (p *Part) Name() string {
	if p.FileName != "" {
		return p.FileName
	}
	_, minor, _ := strings.Cut(p.Type, "/")
	switch p.Type {
	case "message/rfc822", "message/global":
		if s := p.Header.Text("Subject"); s != "" {
			return safe.FileName(safe.Cut(s, 60) + ".eml")
		}
		minor = "eml"
	case "text/plain":
		minor = "txt"
	case "text/calendar":
		minor = "ics"
	case "image/jpeg":
		minor = "jpg"
	case "application/octet-stream":
		minor = "bin"
	}
	return safe.FileName("part-" + p.Number + "." + minor)
}

// About says in a few words what kinds of part are that people ask about; ""
// for the others.
func (p *Part) About() string {
	switch {
	case p.Type == "application/ms-tnef" || strings.EqualFold(p.FileName, "winmail.dat"):
		return "Outlook's own container; attachments may be inside, imapop does not unpack it"
	case p.Type == "application/pgp-signature" || p.Type == "application/pkcs7-signature" || p.Type == "application/x-pkcs7-signature":
		return "a signature; imapop does not check it"
	case p.Type == "application/pgp-encrypted" || p.Type == "application/pkcs7-mime" || p.Type == "application/x-pkcs7-mime":
		return "encrypted or signed as a whole; imapop cannot open it"
	case p.Type == "message/external-body":
		return "points to a place elsewhere; imapop never goes there"
	case p.Type == "message/partial":
		return "one piece of a message that was sent in several"
	case p.Type == "application/applefile" || p.Type == "application/mac-binhex40":
		return "a Macintosh file's own container"
	}
	return ""
}
