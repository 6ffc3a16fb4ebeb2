package mime

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"imapop/retrieval/safe"
)

// contacts notes the hosts that an element would contact.
func (s *simplifier) contacts(t html.Token) {
	pixel := t.DataAtom == atom.Img && tiny(t)
	for _, a := range t.Attr {
		switch a.Key {
		case "src", "background", "poster", "data":
			s.host(a.Val, pixel)
		case "srcset":
			for part := range strings.SplitSeq(a.Val, ",") {
				if f := strings.Fields(part); len(f) > 0 {
					s.host(f[0], pixel)
				}
			}
		case "href":
			if t.DataAtom == atom.Link {
				s.host(a.Val, false)
			}
		case "style":
			s.css(a.Val)
		}
	}
}

// css notes the hosts behind url(...) and @import.
func (s *simplifier) css(text string) {
	for range maxLinks {
		i := strings.Index(text, "url(")
		if j := strings.Index(text, "@import"); j >= 0 && (i < 0 || j < i) {
			i = j + 3 // "@import" is as long as "url(" and three
		}
		if i < 0 {
			return
		}
		text = text[i+4:]
		end := strings.IndexAny(text[min(1, len(text)):], `)"';`)
		if end < 0 {
			end = len(text) - 1
		}
		s.host(strings.Trim(text[:min(end+1, len(text))], ` "'`), false)
	}
}

func (s *simplifier) host(address string, pixel bool) {
	address = strings.TrimSpace(address)
	if len(address) > 8<<10 {
		address = address[:8<<10]
	}
	if strings.HasPrefix(address, "//") {
		address = "https:" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.EqualFold(u.Scheme, "cid") || strings.EqualFold(u.Scheme, "data") {
		return
	}
	name := safe.Cut(strings.ToLower(u.Hostname()), 100)
	at := -1
	for i := range s.remote {
		if s.remote[i].Host == name {
			at = i
		}
	}
	if at < 0 {
		if len(s.remote) >= maxHosts {
			return
		}
		s.remote, at = append(s.remote, Remote{Host: name}), len(s.remote)
	}
	s.remote[at].Count++
	if pixel {
		s.remote[at].Pixels++
	}
}

func attr(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// tiny reports whether a picture is too small to be seen, or hidden.
func tiny(t html.Token) bool {
	for _, k := range []string{"width", "height"} {
		if v := strings.TrimSuffix(strings.TrimSpace(attr(t, k)), "px"); v != "" {
			if n, err := strconv.ParseFloat(v, 64); err == nil && n <= 2 {
				return true
			}
		}
	}
	return unseen(t)
}

// unseen reports whether an element is not shown by a browser: text for a mail
// program's list, or for nobody.
func unseen(t html.Token) bool {
	style := strings.ToLower(strings.ReplaceAll(attr(t, "style"), " ", ""))
	if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
		return true
	}
	for _, a := range t.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	return false
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}
