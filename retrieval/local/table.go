package local

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"unsafe"
)

// table is the account's records in memory. What was read from the ledger stays
// encoded, in one block, and is decoded when it is asked for: a run that finds
// nothing new in 100,000 messages must cost little more than reading them. What
// changed since lies over it.
type table struct {
	block string // the records as read, back to back
	base  []span // of records in block, sorted by unique-id
	over  map[string]Record
	gone  map[string]bool // unique-ids in base that are no more
	hint  int             // the index behind the last one found: lists come mostly in order
}

// span is where a record and its unique-id lie in a block, and what most runs
// ask of it.
type span struct {
	start, id, idEnd, end uint32
	listed                int64
	settled               bool // Record.settled
}

// maxBlock is what spans can address; the records beyond are kept decoded.
const maxBlock = 1 << 31

func newTable() *table { return &table{over: map[string]Record{}, gone: map[string]bool{}} }

// loader fills a table.
type loader struct {
	block []byte
	base  []span
	over  map[string]Record
}

// newLoader makes room for a ledger file of so many octets, most of which is
// records of some 150; room that stays unused costs no memory.
func newLoader(file int64) *loader {
	file = min(max(file, 0), maxBlock)
	return &loader{block: make([]byte, 0, file), base: make([]span, 0, file/128), over: map[string]Record{}}
}

// add takes a record that was read and found good.
func (l *loader) add(g glance, raw []byte) {
	if len(l.block)+len(raw) > maxBlock {
		r := decoded(string(raw))
		l.over[r.UniqueID] = r
		return
	}
	start := uint32(len(l.block))
	l.block = append(l.block, raw...)
	idEnd := start + uint32(len(raw)-len(g.file)-lenPrefix(len(g.file)))
	l.base = append(l.base, span{start: start, id: idEnd - uint32(len(g.id)), idEnd: idEnd, end: uint32(len(l.block)),
		listed: g.listed, settled: g.settled})
}

// lenPrefix is how many octets a text's length takes in a record.
func lenPrefix(n int) int {
	octets := 1
	for ; n >= 0x80; n >>= 7 {
		octets++
	}
	return octets
}

func (l *loader) table() *table {
	t := newTable()
	t.block = unsafe.String(unsafe.SliceData(l.block), len(l.block)) // nobody writes to it any more
	t.base, t.over = l.base, l.over
	order := func(a, b span) int { return strings.Compare(t.id(a), t.id(b)) }
	if !slices.IsSortedFunc(t.base, order) {
		slices.SortFunc(t.base, order)
	}
	return t
}

func (t *table) id(s span) string { return t.block[s.id:s.idEnd] }

func (t *table) at(i int) Record { return decoded(t.block[t.base[i].start:t.base[i].end]) }

// decoded reads a record that was checked when it was loaded.
func decoded(raw string) Record {
	r, _ := decode(raw)
	return r
}

// find gives a unique-id's place in base.
func (t *table) find(id string) (int, bool) {
	if t.hint < len(t.base) && t.id(t.base[t.hint]) == id {
		t.hint++
		return t.hint - 1, true
	}
	i, ok := slices.BinarySearchFunc(t.base, id, func(s span, id string) int { return cmp.Compare(t.id(s), id) })
	if ok {
		t.hint = i + 1
	}
	return i, ok
}

func (t *table) get(id string) (Record, bool) {
	if len(t.over) > 0 {
		if r, ok := t.over[id]; ok {
			return r, true
		}
	}
	i, ok := t.find(id)
	if !ok || t.gone[id] {
		return Record{}, false
	}
	return t.at(i), true
}

// listed is what LIST said of a unique-id at its download, and whether nothing
// is open about its record; false: it was never downloaded.
func (t *table) listed(id string) (octets int64, settled, ok bool) {
	if len(t.over)+len(t.gone) == 0 {
		i, ok := t.find(id)
		if ok && t.base[i].settled {
			return t.base[i].listed, true, true
		}
		if !ok {
			return 0, false, false
		}
	}
	r, ok := t.get(id)
	return r.Listed, r.settled(), ok && !r.Downloaded.IsZero()
}

func (t *table) has(id string) bool {
	if _, ok := t.over[id]; ok {
		return true
	}
	_, ok := t.find(id)
	return ok && !t.gone[id]
}

func (t *table) put(r Record) { t.over[r.UniqueID] = r }

func (t *table) remove(id string) {
	delete(t.over, id)
	if _, ok := t.find(id); ok {
		t.gone[id] = true
	}
}

// all gives every record, first those of base by unique-id. The table must not be changed meanwhile.
func (t *table) all() iter.Seq[Record] { return t.open(func(string) bool { return false }) }

// open gives every record but those that are settled and on the list, of which
// the list has nothing to tell; on is asked of those of base, by unique-id.
func (t *table) open(on func(id string) bool) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		changed := len(t.over)+len(t.gone) > 0
		for i := range t.base {
			id := t.id(t.base[i])
			if t.base[i].settled && on(id) {
				continue
			}
			if changed {
				if _, ok := t.over[id]; ok || t.gone[id] {
					continue
				}
			}
			if !yield(t.at(i)) {
				return
			}
		}
		for _, id := range slices.Sorted(maps.Keys(t.over)) {
			if !yield(t.over[id]) {
				return
			}
		}
	}
}
