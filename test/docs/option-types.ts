// The options that the option types declare, with their defaults as the docstrings state them.
import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** An option. `stated` is the text after `@default`, or null without one. */
export interface Declared { readonly isOptional: boolean, readonly description: string, readonly stated: string | null }

const files = ['options', 'auth-options', 'cookie-options', 'rawsocket-options', 'longpoll-options', 'custom-transport-options', 'in-process/join-options'].map((name) => `plugin/${name}.ts`)

/**
 * The options of each type, by the name of the interface. An object that a property declares in place has the name of its property, such as
 * `BridgeOptions.as`; the values of a map have an asterisk: `TicketOptions.principals.*`.
 */
export function readOptionTypes (): ReadonlyMap<string, ReadonlyMap<string, Declared>> {
  const types = new Map<string, ReadonlyMap<string, Declared>>()
  for (const file of files) {
    ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true).forEachChild((node) => {
      if (ts.isInterfaceDeclaration(node)) read(node.name.text, node.members, types)
    })
  }
  return types
}

function read (name: string, members: ts.NodeArray<ts.TypeElement>, types: Map<string, ReadonlyMap<string, Declared>>): void {
  const options = members.filter((member) => ts.isPropertySignature(member))
  types.set(name, new Map(options.map((option) => [nameOf(option), {
    isOptional: option.questionToken !== undefined, description: descriptionOf(option), stated: statedDefault(option)
  }])))
  for (const option of options) {
    if (option.type !== undefined) readNested(`${name}.${nameOf(option)}`, option.type, types)
  }
}

function readNested (name: string, type: ts.TypeNode, types: Map<string, ReadonlyMap<string, Declared>>): void {
  if (ts.isTypeLiteralNode(type)) read(name, type.members, types)
  if (!ts.isTypeReferenceNode(type)) return
  const isMap = type.typeName.getText() === 'Record'
  for (const argument of type.typeArguments ?? []) readNested(isMap ? `${name}.*` : name, argument, types)
}

function nameOf (option: ts.PropertySignature): string {
  return ts.isStringLiteral(option.name) ? option.name.text : option.name.getText()
}

function statedDefault (option: ts.PropertySignature): string | null {
  const tag = ts.getJSDocTags(option).find(({ tagName }) => tagName.text === 'default')
  return tag === undefined ? null : textOf(tag.comment)
}

function descriptionOf (option: ts.PropertySignature): string {
  return ts.getJSDocCommentsAndTags(option).map(({ comment }) => textOf(comment)).join(' ')
}

function textOf (comment: Parameters<typeof ts.getTextOfJSDocComment>[0]): string {
  return (ts.getTextOfJSDocComment(comment) ?? '').replaceAll(/\s+/g, ' ').trim()
}
