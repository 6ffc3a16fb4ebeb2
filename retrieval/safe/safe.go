// Package safe turns text that a server, a mail or a file supplied into text
// that a terminal, a log or a file system can take: what could move a cursor,
// reorder a line, hide or pile up becomes a visible mark. It is pure and safe
// from any goroutine; every function gives the same result when it is given its
// own result.
package safe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks a base may carry: living scripts need
// no more in one cell, and a pile of them paints over the lines above.
const maxMarks = 4

const (
	newlineMark  = '␤' // U+2424
	deleteMark   = '␡' // U+2421
	pictures     = 0x2400
	dottedCircle = '◌' // carries a mark that has no base of its own
)

// Line gives s as one harmless line. C0 controls become control pictures (␛),
// a line break ␤, a tab one space, DEL ␡; C1 controls, format characters (bidi
// overrides, zero-width, tags) and line separators become ⟨U+202E⟩; octets that
// are not UTF-8 become U+FFFD. A joiner between emoji and variation selectors
// are left out, since terminals disagree about their width.
func Line(s string) string {
	if plain(s) {
		return s
	}
	c := cleaner{}
	c.b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\r' && i < len(s) && s[i] == '\n': // CRLF is one line break
		case r == '\n':
			c.put(newlineMark)
		case r == '\t':
			c.put(' ')
		default:
			c.rune(r)
		}
	}
	return c.b.String()
}

// Text is Line for text of several lines: it keeps \n, makes CRLF \n, and
// fills tabs with spaces up to the next multiple of eight columns.
func Text(s string) string {
	if plain(s) {
		return s
	}
	c := cleaner{}
	c.b.Grow(len(s) + 16)
	column, from := 0, 0 // the column at octet from of the result
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\r' && i < len(s) && s[i] == '\n':
		case r == '\n':
			c.b.WriteByte('\n')
			c.marks, c.based, c.emoji = 0, false, false
			column, from = 0, c.b.Len()
		case r == '\t':
			column += Width(c.b.String()[from:])
			stop := (column/8 + 1) * 8
			for ; column < stop; column++ {
				c.put(' ')
			}
			from = c.b.Len()
		default:
			c.rune(r)
		}
	}
	return c.b.String()
}

// cleaner writes one line; it knows what the next rune would attach to.
type cleaner struct {
	b     strings.Builder
	marks int  // combining marks on the present base
	based bool // something stands to the left that can carry a mark
	emoji bool // the base is a pictograph: a joiner after it is left out
}

// put writes a rune that is harmless and a base of its own.
func (c *cleaner) put(r rune) {
	c.b.WriteRune(r)
	c.marks, c.based, c.emoji = 0, true, pictograph(r)
}

func (c *cleaner) rune(r rune) {
	switch {
	case r < 0x20:
		c.put(pictures + r)
	case r == 0x7f:
		c.put(deleteMark)
	case r < 0x7f:
		c.put(r)
	case variation(r) || c.emoji && (r == 0x200d || skin(r)):
	case r >= regionalA && r <= regionalZ:
		c.put('A' + r - regionalA)
	case unicode.Is(unicode.M, r) && !hidden(r):
		c.mark(r)
	case harmful(r):
		for _, m := range fmt.Sprintf("⟨U+%04X⟩", r) {
			c.put(m)
		}
	default:
		c.put(r)
	}
}

func (c *cleaner) mark(r rune) {
	if !c.based {
		c.put(dottedCircle)
	}
	if c.marks < maxMarks {
		c.b.WriteRune(r)
		c.marks++
	}
}

// plain reports whether s is printable US-ASCII throughout, as most lines are.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// harmful reports whether a rune past US-ASCII must not reach a terminal.
func harmful(r rune) bool {
	switch {
	case r >= 0x80 && r < 0xa0: // C1
		return true
	case r == utf8.RuneError:
		return false
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
		return true
	case !unicode.IsGraphic(r): // private, or newer than this program: nobody knows how many cells it takes
		return true
	}
	return hidden(r)
}

// hidden reports runes that draw nothing though their category does not say
// so (Unicode's Default_Ignorable_Code_Point): fillers, and planes reserved for
// more of the kind.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point) || r >= 0xe0000 && r <= 0xe0fff && !variation(r)
}

// variation reports variation selectors: they choose a glyph, and move the
// width of the character before them on some terminals only.
func variation(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }

// The regional indicators: two of them are a flag. They become the letters that
// they stand for, since terminals do not agree on what one of them, or three, take.
const regionalA, regionalZ = 0x1f1e6, 0x1f1ff

// skin reports the modifiers that colour the emoji before them: half of all
// terminals show them as two cells more.
func skin(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// pictograph reports runes that joiners make into one emoji.
func pictograph(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x2bff
}
