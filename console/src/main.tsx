import { render } from 'preact';
import { App } from './app';
import { applyTheme, chosenTheme } from './theme';
import './styles/base.css';
import './styles/layout.css';
import './styles/components.css';
import './styles/pages.css';
import './styles/narrow.css';

applyTheme(chosenTheme());
const place = document.getElementById('app');
if (place) render(<App />, place);
