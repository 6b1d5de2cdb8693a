// The page is whole without this script: it copies texts, and opens what is folded before printing.
document.documentElement.classList.add('scripted');
document.querySelectorAll('button[data-copy]').forEach(b => b.onclick = () => {
const e = document.getElementById(b.dataset.copy), t = b.textContent;
const done = () => { b.textContent = 'Copied'; setTimeout(() => b.textContent = t, 1400) };
const mark = () => getSelection().selectAllChildren(e);
navigator.clipboard ? navigator.clipboard.writeText(e.innerText).then(done, mark) : mark();
});
addEventListener('beforeprint', () => document.querySelectorAll('details:not(.np)').forEach(d => d.open = true));
