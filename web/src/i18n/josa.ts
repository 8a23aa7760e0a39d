/** 숫자를 읽을 때 받침이 있는 것: 영(십, 백, 천, 만), 일, 삼, 육, 칠, 팔. */
const digitsWithFinal = /[013678]/

/**
 * 받침이 있으면 앞의 조사, 없으면 뒤의 조사. 끝의 문장 부호는 보지 않는다. 한글이나 숫자로 끝나지 않으면 어떻게 읽을지 모르므로 둘 다 적는다.
 * Not for 으로/로, which treats ㄹ as if it were none.
 */
export function josa(word: string, withFinal: '은' | '을' | '이' | '과', without: '는' | '를' | '가' | '와'): string {
  const last = /[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u.exec(word)?.[0] ?? ''
  if (/[0-9]/.test(last)) return `${word}${digitsWithFinal.test(last) ? withFinal : without}`
  const code = last.codePointAt(0) ?? 0
  if (code < 0xac00 || code > 0xd7a3) return `${word}${withFinal}(${without})`
  return `${word}${(code - 0xac00) % 28 === 0 ? without : withFinal}`
}
