/** All of type Keyword. */
export { searchAttributeNames as SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes';
