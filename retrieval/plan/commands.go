package plan

import "strconv"

// Commands are the lines that go over the wire when nothing goes wrong, in their
// order. Where the server offers PIPELINING they are written ahead of their answers.
func (p Plan) Commands() []string {
	return append(p.Open(), "QUIT")
}

// Open is Commands without the QUIT that makes deletions final: what goes out
// where the session stays open.
func (p Plan) Open() []string {
	lines := make([]string, 0, len(p.Steps)+1)
	each := func(verb, rest string, wanted func(Step) bool) {
		for _, s := range p.Steps {
			if wanted(s) {
				lines = append(lines, verb+" "+strconv.Itoa(s.Number)+rest)
			}
		}
	}
	each("RETR", "", func(s Step) bool { return s.Retrieve })
	each("TOP", " 0", func(s Step) bool { return s.Look })
	each("DELE", "", func(s Step) bool { return s.Delete })
	return lines
}

// Retrieve, Look and Delete list the messages of each kind.
func (p Plan) Retrieve() []Item { return p.items(func(s Step) bool { return s.Retrieve }) }

// Look lists the messages whose header alone is looked at.
func (p Plan) Look() []Item { return p.items(func(s Step) bool { return s.Look }) }

// Delete lists the messages that are to leave the server.
func (p Plan) Delete() []Item { return p.items(func(s Step) bool { return s.Delete }) }

func (p Plan) items(wanted func(Step) bool) []Item {
	var list []Item
	for _, s := range p.Steps {
		if wanted(s) {
			list = append(list, s.Item)
		}
	}
	return list
}
