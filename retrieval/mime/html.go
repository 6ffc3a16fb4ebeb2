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

// HTML makes Markdown of the part. Nothing is fetched. It is made once for a body.
func (p *Part) HTML() HTML {
	if p.html == nil {
		var n notes
		out := markdown(p.text(&n), &n)
		out.Notes = n.list
		p.html = &out
	}
	return *p.html
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
	var all []string
	for _, piece := range s.pieces {
		md, err := c.ConvertString(piece)
		if err != nil {
			n.add("a piece of the HTML cannot be read: it is shown as it came")
			md = piece
		}
		if md = strings.Trim(md, "\n"); md != "" {
			all = append(all, md)
		}
	}
	return HTML{Markdown: safe.Text(strings.Join(all, "\n\n")), Links: s.links, Remote: s.remote}
}
