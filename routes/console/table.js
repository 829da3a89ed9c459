import { element } from './dom.js'

/** Rows that are shown; what comes beyond is only counted. */
export const MOST_ROWS = 1000

/**
 * The table of a section: rows by key, in order, filtered by what is typed. A column is `{ label, cell (row) }`, where
 * `cell` gives a text or a node, and `fixed` columns are made once a row, so that a button keeps the focus.
 */
export class Table {
  #body
  #empty
  #frame
  #filter
  #columns
  #order
  #rows = new Map()
  #dirty = new Set()
  #scheduled = false
  #ordered = true

  constructor (section, columns, order) {
    this.#body = section.querySelector('tbody')
    this.#empty = section.querySelector('.empty')
    this.#frame = section.querySelector('.frame')
    this.#filter = section.querySelector('input[type=search]')
    this.#columns = columns
    this.#order = order
    const head = element('tr', '', ...columns.map(headCell))
    head.setAttribute('role', 'row')
    section.querySelector('thead').append(head)
    this.#filter?.addEventListener('input', () => this.#showAll())
  }

  get size () {
    return this.#rows.size
  }

  keys () {
    return [...this.#rows.keys()]
  }

  get (key) {
    return this.#rows.get(key)?.row
  }

  set (key, row) {
    const held = this.#rows.get(key)
    if (held === undefined && this.#rows.size >= MOST_ROWS) return
    if (held === undefined || (this.#order !== undefined && this.#order(held.row, row) !== 0)) this.#ordered = false
    this.#rows.set(key, { row, line: held?.line ?? null })
    this.#dirty.add(key)
    this.#schedule()
  }

  delete (key) {
    const held = this.#rows.get(key)
    if (held === undefined) return
    // Who was at this row must not be thrown to the start of the page.
    if (held.line?.contains(document.activeElement)) this.#frame.focus()
    held.line?.remove()
    this.#rows.delete(key)
    this.#dirty.delete(key)
    this.#schedule()
  }

  /** The text of an empty table, or null for the default. */
  sayEmpty (text) {
    this.#empty.dataset.now = text ?? this.#empty.dataset.text
    if (this.#rows.size === 0) this.#empty.textContent = this.#empty.dataset.now
  }

  clear () {
    for (const key of this.keys()) this.delete(key)
  }

  // Many events in one frame are one change to what is seen.
  #schedule () {
    if (this.#scheduled) return
    this.#scheduled = true
    window.requestAnimationFrame(() => {
      this.#scheduled = false
      this.#render()
    })
  }

  #render () {
    for (const key of this.#dirty) {
      const held = this.#rows.get(key)
      held.line ??= this.#lineOf(key)
      this.#fill(held)
    }
    this.#dirty.clear()
    if (!this.#ordered) this.#arrange()
    this.#ordered = true
    this.#showAll()
  }

  #arrange () {
    const rows = [...this.#rows.values()]
    if (this.#order !== undefined) rows.sort((a, b) => this.#order(a.row, b.row))
    rows.forEach(({ line }, i) => {
      if (this.#body.children[i] !== line) this.#body.insertBefore(line, this.#body.children[i] ?? null)
    })
  }

  #lineOf (key) {
    const line = element('tr')
    line.setAttribute('role', 'row')
    line.append(...this.#columns.map(({ label, className = '', fixed }) => {
      const cell = element('td', className)
      cell.setAttribute('role', 'cell')
      cell.dataset.label = label
      if (fixed !== undefined) cell.append(...fixed(key, () => this.get(key)))
      return cell
    }))
    return line
  }

  #fill ({ row, line }) {
    this.#columns.forEach(({ cell, fixed }, i) => { if (fixed === undefined) line.cells[i].replaceChildren(cell(row)) })
  }

  #showAll () {
    const wanted = this.#filter?.value.trim().toLowerCase() ?? ''
    let shown = 0
    for (const { line } of this.#rows.values()) {
      if (line === null) continue
      line.hidden = wanted !== '' && !line.textContent.toLowerCase().includes(wanted)
      if (!line.hidden) shown++
    }
    this.#empty.hidden = shown > 0
    this.#empty.textContent = this.#rows.size > 0 ? 'No entry matches the filter.' : this.#empty.dataset.now ?? this.#empty.dataset.text
  }
}

function headCell ({ label, className = '', fixed }) {
  const cell = element('th', className, fixed === undefined ? label : element('span', 'sr', label))
  cell.setAttribute('role', 'columnheader')
  cell.scope = 'col'
  return cell
}
