package mime

import (
	"fmt"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"

	"imapop/retrieval/safe"
)

// HTML is what a text/html part says, for a screen of text.
type HTML struct {
	Markdown string // clean; a link's number stands behind its text: "docs [2]"
	Links    []Link
	Remote   []Remote // never contacted
	Notes    []string
}

// HTML makes Markdown of the part. Nothing is fetched.
func (p *Part) HTML() HTML {
	var n notes
	out := markdown(p.text(&n), &n)
	out.Notes = n.list
	return out
}

// markdown converts a source. The simplifier stands before the library: what
// that gets is well nested, shallow and bounded.
func markdown(source string, n *notes) HTML {
	if len(source) > maxHTML {
		source = strings.ToValidUTF8(source[:maxHTML], "")
		n.add(fmt.Sprintf("the HTML is long: the first %d kB are shown", maxHTML/1000))
	}
	s := simplified(source)
	if s.dropped > 0 {
		n.add("the HTML is nested too deep or too large: its layout is simplified")
	}
	c := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin()))
	md, err := c.ConvertString(s.out.String())
	if err != nil {
		n.add("the HTML cannot be read: its text is shown")
		md = source
	}
	return HTML{Markdown: safe.Text(md), Links: s.links, Remote: s.remote}
}
