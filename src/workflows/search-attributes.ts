import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { searchAttributes } from '../contracts/temporal-names.ts'

export const weekAttribute = defineSearchAttributeKey(searchAttributes.week, SearchAttributeType.KEYWORD)
export const stageAttribute = defineSearchAttributeKey(searchAttributes.stage, SearchAttributeType.KEYWORD)
export const modelVersionAttribute = defineSearchAttributeKey(searchAttributes.modelVersion, SearchAttributeType.KEYWORD)
export const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, SearchAttributeType.KEYWORD)
