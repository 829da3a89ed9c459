import ts from 'typescript'

/** Something that is exported, by the name that it is exported by. */
export interface Exported { readonly name: string, readonly declaration: ts.Declaration }

/** Text as code, also in a table. */
export function code (text: string): string {
  const short = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')
  return short.includes('`') ? `\`\` ${short} \`\`` : `\`${short}\``
}

/** Text of several lines as one cell of a table. */
export function cell (text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
}

/** A docstring, with its default at the end; empty without one. */
export function textOf (node: ts.Node, checker: ts.TypeChecker): string {
  const name = (node as ts.NamedDeclaration).name
  const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name)
  if (symbol === undefined) return ''
  const defaults = symbol.getJsDocTags(checker).filter(({ name }) => name === 'default').map(({ text }) => `Default: ${ts.displayPartsToString(text)}.`)
  return [ts.displayPartsToString(symbol.getDocumentationComment(checker)), ...defaults].filter((text) => text !== '').join(' ')
}

/** A declaration without its docstring, its body and its value. */
function signatureOf (node: ts.Node): string {
  const body = (node as ts.FunctionLikeDeclaration).body
  const text = node.getText()
  return (body === undefined ? text : text.slice(0, body.getStart() - node.getStart())).trim().replace(/^export /, '').replaceAll(/(?<=\n) {2}(?= )/g, '')
}

function fence (text: string): string {
  return `\`\`\`typescript\n${text}\n\`\`\``
}

/** What is exported, and what is wrong with it. */
export class Documented {
  readonly checker: ts.TypeChecker
  readonly exported: readonly Exported[]
  readonly faults: string[] = []
  readonly #root: string
  readonly #names: ReadonlySet<ts.Declaration>

  constructor (program: ts.Program, root: string, modules: readonly string[]) {
    this.checker = program.getTypeChecker()
    this.#root = root
    const all = modules.flatMap((path) => this.#exportsOf(program.getSourceFile(`${root}${path}`)!)).filter(({ name }) => name !== 'default')
      .filter(({ declaration }, i, all) => all.findIndex((other) => other.declaration === declaration) === i)
    // What there is at run time first.
    this.exported = [...all.filter(({ declaration }) => !isType(declaration)), ...all.filter(({ declaration }) => isType(declaration))]
    this.#names = new Set(this.exported.map(({ declaration }) => declaration))
    for (const { name, declaration } of this.exported) {
      if (textOf(declaration, this.checker) === '') this.faults.push(`${name} has no docstring`)
    }
  }

  #exportsOf (file: ts.SourceFile): Exported[] {
    return this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(file)!).map((symbol) => {
      const { declarations } = (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : this.checker.getAliasedSymbol(symbol)
      return { name: symbol.name, declaration: declarations![0]! }
    })
  }

  /** A member as a row of a table. */
  row (owner: string, member: ts.Node, prefix = ''): string {
    this.#look(owner, member)
    const name = (member as ts.NamedDeclaration).name!.getText()
    if (textOf(member, this.checker) === '' && !isTag(member)) this.faults.push(`${owner}.${prefix}${name} has no docstring`)
    const optional = (member as ts.PropertySignature).questionToken === undefined ? '' : '?'
    if (ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) {
      const type = member.type?.getText() ?? (ts.isPropertyDeclaration(member) ? member.initializer?.getText() : undefined) ?? ''
      return `| ${code(prefix + name + optional)} | ${type === '' ? '' : code(type.replaceAll(/\s*\/\*\*[^]*?\*\/\s*/g, ' '))} | ${cell(textOf(member, this.checker))} |`
    }
    if (ts.isPropertyAssignment(member)) return `| ${code(prefix + name)} | ${code(member.initializer.getText())} | ${cell(textOf(member, this.checker))} |`
    const signature = signatureOf(member).replace(/^(?:async |\* ?)+/, '').replace(ts.isGetAccessor(member) ? /^get / : '', '')
    return `| ${code(prefix + name)} | ${code(signature.slice(name.length).trim())} | ${cell(textOf(member, this.checker))} |`
  }

  /** The members of `Pick<…>`, by which a part of a class is public. */
  picked (owner: string, member: ts.Node): string[] {
    const { type, name } = member as ts.PropertySignature
    const picks = type === undefined ? [] : (ts.isUnionTypeNode(type) ? [...type.types] : [type]).filter((node) => ts.isTypeReferenceNode(node) && node.typeName.getText() === 'Pick')
    return picks.flatMap((pick) => this.checker.getTypeFromTypeNode(pick).getProperties().map(({ declarations }) => this.row(owner, declarations![0]!, `${name.getText()}.`)))
  }

  /** Finds what a declaration names and users cannot. */
  #look (owner: string, node: ts.Node): void {
    if (ts.isBlock(node)) return
    if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) {
      // What is picked is shown member by member.
      if (node.typeName.text === 'Pick') return
      this.#require(owner, node.typeName)
    }
    node.forEachChild((child) => { this.#look(owner, child) })
  }

  #require (owner: string, name: ts.Identifier): void {
    const symbol = this.checker.getSymbolAtLocation(name)
    const { declarations: [declaration] = [] } = symbol === undefined || (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol ?? {} : this.checker.getAliasedSymbol(symbol)
    if (declaration === undefined || ts.isTypeParameterDeclaration(declaration) || this.#names.has(declaration)) return
    const { fileName } = declaration.getSourceFile()
    // Types that a file keeps to itself are parts of those that it exports.
    if (fileName === name.getSourceFile().fileName) return
    if (fileName.startsWith(this.#root) && !fileName.includes('/node_modules/')) this.faults.push(`${owner} names ${name.text}, which is not exported`)
  }
}

/** One export: what it is, and its members. */
export function describe ({ name, declaration }: Exported, documented: Documented): string {
  const parts = [`### ${code(name)}`, textOf(declaration, documented.checker), headOf(declaration, documented.checker)]
  const rows = membersOf(declaration).flatMap((member) => [documented.row(name, member), ...documented.picked(name, member)])
  if (rows.length > 0) parts.push(`| name | type | description |\n|---|---|---|\n${rows.join('\n')}`)
  return parts.filter((part) => part !== '').join('\n\n')
}

function headOf (node: ts.Declaration, checker: ts.TypeChecker): string {
  if (ts.isFunctionDeclaration(node) || ts.isTypeAliasDeclaration(node)) return fence(signatureOf(node))
  if (ts.isVariableDeclaration(node)) {
    const [, options] = /^FastifyPlugin\w*<(\w+)/.exec(checker.typeToString(checker.getTypeAtLocation(node))) ?? []
    return options === undefined ? '' : fence(`app.register(${node.name.getText()}, options: ${options})`)
  }
  const { heritageClauses, typeParameters, name } = node as ts.InterfaceDeclaration | ts.ClassDeclaration
  const text = `${ts.isClassDeclaration(node) ? 'class' : 'interface'} ${name?.text}${typeParameters === undefined ? '' : `<${typeParameters.map((type) => type.getText()).join(', ')}>`} ${heritageClauses?.map((clause) => clause.getText()).join(' ') ?? ''}`.trim()
  return ts.isClassDeclaration(node) || typeParameters !== undefined || heritageClauses !== undefined ? fence(text) : ''
}

function membersOf (node: ts.Declaration): readonly ts.Node[] {
  if (ts.isVariableDeclaration(node)) {
    const value = node.initializer !== undefined && ts.isAsExpression(node.initializer) ? node.initializer.expression : node.initializer
    return value !== undefined && ts.isObjectLiteralExpression(value) ? value.properties : []
  }
  if (ts.isInterfaceDeclaration(node)) return foreign.has(node.name.text) ? [] : node.members.filter(isPublic)
  if (ts.isClassDeclaration(node)) return node.members.filter((member) => isPublic(member) && !ts.isConstructorDeclaration(member))
  return []
}

function isType (node: ts.Node): boolean {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
}

/** Types that describe other packages, as far as they are used: those packages have the docs of their members. */
const foreign = new Set(['KeyvLike', 'OpenTelemetryApi', 'PromClient', 'PromRegistry'])

/** A member that only tells one type from others, such as `type: 'static'`. */
function isTag (node: ts.Node): boolean {
  if (ts.isPropertyDeclaration(node)) return node.initializer !== undefined && ts.isStringLiteral(node.initializer)
  return ts.isPropertySignature(node) && node.type !== undefined && ts.isLiteralTypeNode(node.type)
}

function isPublic ({ name }: ts.NamedDeclaration): boolean {
  return name !== undefined && !ts.isPrivateIdentifier(name) && !ts.isComputedPropertyName(name)
}
