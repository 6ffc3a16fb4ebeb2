package mime

import (
	"testing"
)

func seeds(f *testing.F) {
	for name, mail := range corpus(f) {
		if len(mail) < 100_000 && name != "long-line" {
			f.Add(mail)
		}
	}
}

// FuzzParse holds that any octets become a document: no panic, bounded, clean,
// and the parts' numbers name one part each.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, mail []byte) {
		if len(mail) > 200_000 {
			return
		}
		m := Parse(mail)
		numbers := map[string]bool{}
		parts, octets := 0, 0
		m.Root.Walk(func(p *Part, depth int) {
			parts++
			if depth > 2*maxDepth+2 || numbers[p.Number] || p.Number == "" {
				t.Fatalf("part %q at depth %d", p.Number, depth)
			}
			numbers[p.Number] = true
			if int64(len(p.Body())) != p.Octets || len(p.Body()) > len(mail) {
				t.Fatalf("part %s: %d octets of %d", p.Number, len(p.Body()), p.Octets)
			}
			if len(p.Children) == 0 {
				octets += len(p.Body())
			}
		})
		if parts > maxParts+maxDepth || octets > len(mail) {
			t.Fatalf("%d parts, %d octets of %d", parts, octets, len(mail))
		}
		for _, html := range []bool{false, true} {
			clean(t, "fuzz", m, m.Document(html))
		}
	})
}

// FuzzText holds that any octets under any charset and encoding become bounded,
// clean lines.
func FuzzText(f *testing.F) {
	for _, s := range []string{"one \r\ntwo", "> a\r\n>> b", "-- \r\nme", "\x1b$B2q5D\x1b(B", "=C3=A9=\r\n", "begin 644 x\r\n#86)C\r\n`\r\nend\r\n", "\xff\xfe\x00", "@@ -1 +1 @@"} {
		f.Add([]byte(s), "utf-8", "quoted-printable", "format=flowed; delsp=yes")
		f.Add([]byte(s), "iso-2022-jp", "base64", "x")
		f.Add([]byte(s), "x-foo", "x-uuencode", "")
	}
	f.Fuzz(func(t *testing.T, body []byte, charset, encoding, params string) {
		if len(body) > 100_000 {
			return
		}
		h := Header{Fields: []Field{{"Content-Type", "text/plain; " + params + "; charset=" + charset}, {"Content-Transfer-Encoding", encoding}, {"Subject", string(body)}, {"To", string(body)}}}
		m := &Message{Header: h, Root: newPart(h, "")}
		m.Root.SetBody(body, len(body)%2 == 0)
		Number(m.Root)
		d := m.Document(false)
		clean(t, "fuzz", m, d)
		size := 0
		for _, b := range d.Blocks {
			for _, l := range b.Lines {
				size += len(l.Text)
			}
		}
		if size > 20*len(body)+1000 {
			t.Fatalf("%d octets became %d", len(body), size)
		}
	})
}

// FuzzHTML holds that any HTML becomes bounded, clean Markdown, and links that
// can be shown whole.
func FuzzHTML(f *testing.F) {
	f.Add("<p>one<b>two</p><a href=https://x.example/>go</a><img src=//y.example/ width=1>")
	f.Add("<style>@import 'https://z.example'; a{b:url(\"//c.example\")}</style><script>x</script><div style='display:none'>y</div>z")
	f.Add("<ul><li>1<ul><li>2</ul></ul><blockquote><pre>x\n y</pre></blockquote><table><tr><td>a<td>b</table>&#27;[31m&#x202e;")
	f.Add("<a href=\"http://ex\u0430mple.org@evil.example/\">www.bank.example</a><svg><style><!--</style>")
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 50_000 {
			return
		}
		h := Parse([]byte("Content-Type: text/html; charset=utf-8\r\n\r\n" + source)).Root.HTML()
		m := &Message{Root: NewPart("text/html", "", nil, nil)}
		clean(t, "fuzz", m, &Document{Blocks: []Block{{Kind: MarkdownBlock, Markdown: h.Markdown}}, Links: h.Links, Remote: h.Remote, Notes: h.Notes})
		if len(h.Markdown) > 60*len(source)+1000 || len(h.Links) > maxLinks || len(h.Remote) > maxHosts {
			t.Fatalf("%d octets became %d, %d links, %d hosts", len(source), len(h.Markdown), len(h.Links), len(h.Remote))
		}
		for _, l := range h.Links {
			if _, ok := NewLink(l.URL); !ok {
				t.Fatalf("link %q", l.URL)
			}
		}
	})
}
